import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import type { Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { show, showPage } from '../output.ts';

export function artifacts(program: Command, { client, output }: Context): void {
  const group = program.command('artifacts').description('files of a run');
  group
    .command('list')
    .description('names, sizes and digests')
    .argument('<run>')
    .action(async (run: string) => {
      showPage(output(), await client().artifacts.list(run), ['name', 'bytes', 'type', 'digest'], (file) => [
        file.name ?? '',
        String(file.size),
        file.media_type,
        file.digest,
      ]);
    });
  group
    .command('get')
    .description('write a file to standard output, or to --output')
    .argument('<run>')
    .argument('<file>', 'name or digest')
    .option('-o, --output <path>')
    .action(async (run: string, file: string, options: { output?: string }) => {
      const digest = await digestOf(client(), run, file);
      const bytes = Readable.fromWeb((await client().artifacts.stream(run, digest)) as NodeStream<Uint8Array>);
      if (options.output === undefined) for await (const piece of bytes) output().bytes(piece as Uint8Array);
      else await pipeline(bytes, createWriteStream(options.output));
    });
  group
    .command('link')
    .description('an address of a file, good for an hour for whoever has it, where the store can be reached')
    .argument('<run>')
    .argument('<file>', 'name or digest')
    .action(async (run: string, file: string) => {
      const link = await client().artifacts.link(run, await digestOf(client(), run, file));
      show(output(), link, () => link.url);
    });
}

async function digestOf(client: Holdfast, run: string, file: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(file)) return file;
  const { items } = await client.artifacts.list(run);
  const found = items.findLast(({ name }) => name === file);
  if (found !== undefined) return found.digest;
  const known = items.map(({ name, digest }) => name ?? digest).join(', ') || 'none';
  throw new Failure(`The run has no file ${file}. It has: ${known}.`);
}
