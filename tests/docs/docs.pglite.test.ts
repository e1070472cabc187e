import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { looksLikeCommand } from './blocks.ts';
import { bundledCli } from './bundled-cli.ts';
import { pages, root } from './pages.ts';
import { firstMissing } from './shown.ts';
import { tryPage } from './try-page.ts';

const filesystem = join(root, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');

let server: TestServer;
let home: string;
let cli: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  cli = await bundledCli();
  const servers = { files: { command: process.execPath, args: [filesystem, tmpdir(), join(root, 'docs')] } };
  writeFileSync(join(home, 'tools.json'), JSON.stringify({ servers }));
  server = await startServer('pglite://memory', {
    environment: { TOOL_SERVERS_FILE: join(home, 'tools.json'), OUTBOUND_ALLOW: '127.0.0.1' },
  });
});
afterAll(async () => {
  await server.close();
  for (const folder of [home, dirname(cli)]) rmSync(folder, { recursive: true, force: true });
});

/** As `npm start` leaves it: the samples are published. */
async function tenant(name: string): Promise<string> {
  const { key } = await server.tenant(name);
  const samples = readdirSync(join(root, 'samples'), { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.yaml'))
    // Those that others call come first.
    .toSorted((left, right) => Number(left.endsWith('agent.yaml')) - Number(right.endsWith('agent.yaml')));
  for (const sample of samples) {
    const yaml = readFileSync(join(root, 'samples', sample), 'utf8');
    const { status, text } = await server.ask(key, 'POST', '/v1/agents', yaml, { 'content-type': 'application/yaml' });
    if (status !== 201) throw new Error(`${sample}: ${status} ${text}`);
  }
  return key;
}

describe('what a page says can be done, can be done', () => {
  const withCommands = pages.filter(
    ({ blocks, onPostgres }) => !onPostgres && blocks.some(({ type }) => type === 'commands'),
  );
  test.each(withCommands.map((page) => [page.path, page] as const))(
    '%s',
    async (_path, page) => tryPage(page, { cli, server: { url: server.url, key: ({ path }) => tenant(path) } }),
    300_000,
  );
});

test('no command is in a block of another kind', () => {
  const hidden = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ type, text }) => type === 'other' && looksLikeCommand.test(text))
      .map(({ line }) => `${path}:${line}: tag it as sh or console, or say why it is not tested`),
  );
  expect(hidden).toEqual([]);
});

test('what is not tried is little, and has a reason', () => {
  const untried = pages.flatMap(({ path, blocks }) =>
    blocks.flatMap(({ note, text }) =>
      note.untried === null ? [] : [`${path}: ${text.split('\n')[0]} (${note.untried})`],
    ),
  );
  expect(untried).toEqual([
    'README.md: npm run demo:crash (it takes minutes; tests/chaos/demo runs it)',
    'docs/guides/secrets-and-keys.md: npx holdfast secrets rotate-key (on PGlite the server must be stopped first; tests/e2e/secret-scan.pglite.test.ts tries it)',
    'samples/long-watcher/README.md: npx holdfast attention (a day is too long; tests/samples/long-watcher.pglite.test.ts sets the clock forward)',
  ]);
});

describe('what is shown', () => {
  test.each([
    [['run <run>', '…', '  succeeded: Hello …'], 'run 1\na\n succeeded:  Hello Ada', null],
    [['b', 'a'], 'a\nb', 'a'],
    [['a.c'], 'abc', 'a.c'],
    [['run <run>'], 'run one two', 'run <run>'],
  ])('%j is looked for in %j', (shown, written, missing) => {
    expect(firstMissing(shown, written)).toBe(missing);
  });
});
