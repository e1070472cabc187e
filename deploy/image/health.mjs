// The health check: asks the program of this container whether it is ready. Those that end by themselves are healthy.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';

// With `--init` the first process is another, which names this one with its arguments.
const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
const word = words[words.indexOf('/app/entry.mjs') + 1];
const ports = { api: process.env.PORT, standalone: process.env.PORT, worker: process.env.METRICS_PORT };
const port = Number(ports[word] ?? 0);
if (port === 0) process.exit(0);

get({ host: '127.0.0.1', port, path: '/readyz', timeout: 4_000 }, (response) => {
  response.setEncoding('utf8');
  // What is not ready stands in the answer, and `docker inspect` shows it.
  response.on('data', (text) => process.stdout.write(text));
  response.on('end', () => process.exit(response.statusCode === 200 ? 0 : 1));
})
  .on('timeout', () => fail(`no answer on port ${port} within 4 s`))
  .on('error', (error) => fail(error.message));

function fail(text) {
  console.log(text);
  process.exit(1);
}
