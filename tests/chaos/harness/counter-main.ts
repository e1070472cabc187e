import { fdatasync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

// The witness: writes each effect it is told of to a file, syncs, and only then answers. It knows nothing of Holdfast.
const [, , file] = process.argv;
if (file === undefined) throw new Error('usage: counter-main <file>');
const sync = promisify(fdatasync);
const out = openSync(file, 'a');

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    writeSync(out, `${body}\n`);
    sync(out).then(
      () => response.end('ok'),
      () => response.writeHead(500).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
