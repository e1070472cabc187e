import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { exitCodes, Failure } from './failure.ts';

/**
 * Standard input to its end when it is no terminal, one final line break taken off; else a line typed unseen.
 * @throws Failure when there is nothing.
 */
export async function readSecret(input: NodeJS.ReadStream, question: string): Promise<string> {
  const value = input.isTTY ? await typed(input, question) : (await whole(input)).replace(/\r?\n$/, '');
  if (value === '') throw new Failure('There is no value: type it, or give it on standard input.', exitCodes.usage);
  return value;
}

async function whole(input: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function typed(input: NodeJS.ReadStream, question: string): Promise<string> {
  process.stderr.write(`${question}: `);
  // What readline would echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    const close = (): void => {
      line.close();
      process.stderr.write('\n');
    };
    line.once('line', (text) => {
      close();
      resolve(text);
    });
    line.once('SIGINT', () => {
      close();
      reject(new Failure('Nothing was changed.'));
    });
  });
}
