import { request } from 'node:http';
import { request as requestTls } from 'node:https';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks for the path as it is written: `fetch` would take `..` and `//` out of it. */
export function raw(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Iterable<string>,
): Promise<RawAnswer> {
  const { protocol, hostname, port } = new URL(url);
  const ask = protocol === 'https:' ? requestTls : request;
  return new Promise((resolve, reject) => {
    const sent = ask({ hostname, port, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => (text += piece));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    // A server that has taken the word is no longer one for HTTP.
    sent.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: '' });
    });
    for (const piece of body ?? []) sent.write(piece);
    sent.end();
  });
}
