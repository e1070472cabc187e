import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, start } from './support/program.ts';

const standalone = 'apps/standalone/src/main.ts';
const cli = 'apps/cli/src/main.ts';
const sentence = 'The quick brown fox lives in this very file.';

let root: string;
let folder: string;
let dataDir: string;
let first: Program;

const environment = (): Record<string, string> => ({ DATA_DIR: dataDir, PORT: '0' });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-first-'));
  folder = join(root, 'files');
  dataDir = join(root, 'data');
  mkdirSync(folder);
  writeFileSync(join(folder, 'fox.md'), `# Foxes\n\n${sentence} And more.\n`);
  first = start(standalone, [folder], environment());
  await first.saw('keeps serving');
}, 120_000);
afterAll(async () => {
  first.child.kill('SIGKILL');
  await first.ended;
  rmSync(root, { recursive: true, force: true });
});

test('the first run reads the folder, asks, writes a report that quotes it, and says what is real', () => {
  expect(first.output()).toContain('no language model is called');
  expect(first.output()).toContain('the answer is given for you');
  expect(first.output()).toMatch(/The run succeeded in [\d.]+ s/);
  const [, report = ''] = /The report: (\S+)/.exec(first.output()) ?? [];
  expect(readFileSync(report, 'utf8')).toContain(`> ${sentence}`);
  expect(first.output()).not.toContain('\u001b[');
});

test('its key is readable by its owner only, and is written nowhere else', () => {
  const file = join(dataDir, 'cli.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { api_key: key } = JSON.parse(readFileSync(file, 'utf8')) as { api_key: string };
  expect(first.output()).not.toContain(key);
  expect(readFileSync(join(dataDir, 'holdfast.log'), 'utf8')).not.toContain(key);
});

test('the command line works on it', async () => {
  const listed = start(cli, ['runs', 'list', '--json'], environment());
  expect(await listed.ended).toBe(0);
  const { items } = JSON.parse(listed.output()) as { items: { id: string; status: string }[] };
  expect(items).toMatchObject([{ status: 'succeeded' }]);
  const waiting = start(cli, ['run', 'librarian', JSON.stringify({ folder }), '--input-json'], environment());
  expect(await waiting.ended).toBe(3);
  const [, run = '', ref = ''] = /holdfast decide (\S+) (\S+)/.exec(waiting.errors()) ?? [];
  expect(await start(cli, ['decide', run, ref, '--deny', '--reason', 'no'], environment()).ended).toBe(0);
  const watched = start(cli, ['watch', run], environment());
  expect(await watched.ended).toBe(0);
  expect(watched.output()).toContain('denied');
});

test('a second start on the same data is refused by one line', async () => {
  const second = start(standalone, [], environment());
  expect(await second.ended).toBe(1);
  expect(second.errors().trim().split('\n')).toEqual([expect.stringContaining('(database_in_use)')]);
});

test('SIGTERM drains and ends it with 0; after SIGKILL an unfinished run goes on', async () => {
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  const killed = start(standalone, [folder], environment());
  await killed.saw('approval.asked');
  killed.child.kill('SIGKILL');
  await killed.ended;
  first = start(standalone, [], environment());
  await first.saw(/approval of run \S+ waits for you/);
  const [, run = '', ref = ''] = /holdfast decide (\S+) (\S+)/.exec(first.output()) ?? [];
  expect(await start(cli, ['decide', run, ref, '--approve'], environment()).ended).toBe(0);
  const watched = start(cli, ['watch', run], environment());
  expect(await watched.ended).toBe(0);
});

test.each(['ready in', 'approval.asked', 'given for you'])(
  'SIGTERM in the first run, at “%s”, ends it with 0 and no stack',
  async (moment) => {
    const program = start(standalone, [folder], {
      DATA_DIR: join(mkdtempSync(join(root, 'stopped-')), 'data'),
      PORT: '0',
    });
    await program.saw(moment);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.errors()).toBe('');
  },
);

test.each([
  ['a bad environment', { PORT: 'x' }, 'env_invalid'],
  ['an unreachable database', { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' }, 'database_unreachable'],
])('%s gets one line and exit code 1', async (_what, extra, code) => {
  const program = start(standalone, [], { DATA_DIR: join(folder, 'other'), PORT: '0', ...extra });
  expect(await program.ended).toBe(1);
  expect(program.errors().trim().split('\n')).toEqual([expect.stringContaining(`(${code})`)]);
});

test('a taken port gets one line and exit code 1', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const program = start(standalone, [], { DATA_DIR: join(folder, 'another'), PORT: String(port) });
  expect(await program.ended).toBe(1);
  expect(program.errors().trim().split('\n')).toEqual([expect.stringContaining('(port_in_use)')]);
  server.close();
});
