import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/sdk';
import { freePort, installedProgram, startSeaweedFs } from '@holdfast/testing/servers';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * One large file up, into a run and down again, through the API and past it, on a real S3 server, with the memory of the
 * server's process and of this one. `SIZE_MB`: 5000 when left out. It needs three times as much room in TMPDIR.
 */
const BLOCK = 1_000_000;
const blocks = Number(process.env['SIZE_MB'] ?? '5000');
const size = blocks * BLOCK;
const QUESTION = { rehearsal: [{ say: 'done' }] };

const block = randomBytes(BLOCK);
/** No two blocks are the same, and none is kept. */
function* content(): Generator<Uint8Array, void, undefined> {
  for (let index = 0; index < blocks; index += 1) {
    const next = Buffer.from(block);
    next.writeUInt32BE(index);
    yield next;
  }
}

const digestOf = async (pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

/** Takes the time, and the memory of both processes before, at its highest, and after. */
async function measured<T>(what: string, server: number, work: () => Promise<T>): Promise<T> {
  const now = (): readonly number[] => [server, process.pid].map(rssOf);
  const before = now();
  let peak = before;
  const watch = setInterval(() => (peak = now().map((mb, index) => Math.max(mb, peak[index] ?? 0))), 100);
  const began = performance.now();
  try {
    return await work();
  } finally {
    clearInterval(watch);
    const seconds = (performance.now() - began) / 1_000;
    const after = now();
    const memory = ['server', 'client'].map(
      (process, index) =>
        `${process} ${[before, peak, after].map((each) => Math.round(each[index] ?? 0)).join(' / ')} MB`,
    );
    console.log(
      `${what.padEnd(34)} ${seconds.toFixed(1).padStart(7)} s  ${(size / 1e6 / seconds).toFixed(0).padStart(5)} MB/s  ${memory.join('  ')}`,
    );
  }
}

async function round(title: string, endpoint: string, more: Readonly<Record<string, string>>): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'holdfast-large-'));
  const port = String(await freePort());
  const main = ['--conditions=holdfast-source', '--import', 'tsx', 'apps/standalone/src/main.ts', 'docs'];
  const { PATH = '', HOME = '' } = process.env;
  const environment = {
    PATH,
    HOME,
    PORT: port,
    DATA_DIR: data,
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: 'testkey',
    S3_SECRET_KEY: 'testsecret',
    QUOTAS: 'upload_megabytes=100000',
    LOG_LEVEL: 'error',
    ...more,
  };
  const child = spawn(process.execPath, main, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the server did not start');
  try {
    // Its first run is over then.
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    while (!said.includes('Holdfast keeps serving')) await once(child.stdout, 'data');
    // As the server itself has just written it.
    const { api_key: key } = JSON.parse(readFileSync(join(data, 'cli.json'), 'utf8')) as { api_key: string };
    const client = new Holdfast({
      url: `http://127.0.0.1:${port}`,
      key,
      timeoutMs: 1_800_000,
      retries: { attempts: 1 },
    });
    await client.agents.publish({ name: 'reader', model: { name: 'rehearsal' }, instructions: 'Read.', ...QUESTION });
    console.log(`${title}: ${size / 1e6} MB; memory before / highest / after`);
    const digest = await measured('digest, at the client', pid, () => digestOf(content()));
    const upload = await client.uploads.create({ name: 'large.bin', size, digest });
    const pieces = content();
    const bytes = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const { done, value } = pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 1 },
    );
    await measured(`up (${upload.put.signed ? 'to the store itself' : 'through the API'})`, pid, () =>
      client.uploads.send(upload, bytes),
    );
    await measured('verified', pid, () => client.uploads.complete(upload.id));
    const run = await measured('copied into a run', pid, () =>
      client.runs.start({ agent: 'reader', files: [upload.id] }),
    );
    const down = await measured('down through the API', pid, async () =>
      digestOf(await client.artifacts.stream(run.id, digest)),
    );
    const link = await client.artifacts.link(run.id, digest);
    const past = link.signed
      ? await measured('down from the store itself', pid, async () => {
          const { body } = await fetch(link.url);
          return digestOf(body ?? []);
        })
      : digest;
    if (down !== digest || past !== digest) throw new Error('what came down is not what went up');
    await client.runs.delete(run.id);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(data, { recursive: true, force: true });
  }
}

const bin = installedProgram('seaweedfs');
if (bin === undefined) throw new Error('SeaweedFS is not installed: bash scripts/servers.sh install');
for (const way of ['through the API', 'by signed links']) {
  const store = await startSeaweedFs(bin);
  try {
    await round(way, store.endpoint, way === 'by signed links' ? { S3_PUBLIC_ENDPOINT: store.endpoint } : {});
  } finally {
    await store.stop();
  }
}
