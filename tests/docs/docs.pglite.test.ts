import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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
  expect(pages.find(({ path }) => path === 'docs/README.md')?.text).toContain('but for thirteen\n');
  const untried = pages.flatMap(({ path, blocks }) =>
    blocks.flatMap(({ note, text }) =>
      note.untried === null ? [] : [`${path}: ${text.split('\n')[0]} (${note.untried})`],
    ),
  );
  expect(untried).toEqual([
    'README.md: npm run demo:crash (it takes minutes; tests/chaos/demo runs it)',
    'docs/guides/compose.md: npm ci && npm run build                       # the command line (it needs a Docker engine and images)',
    'docs/guides/compose.md: cd deploy/compose (it needs a running stack)',
    'docs/guides/compose.md: KC_CLI_PASSWORD=$(cat secrets/keycloak-admin) docker compose exec --env KC_CLI_PASSWORD keycloak \\ (it needs a running stack)',
    'docs/guides/compose.md: npx holdfast stack status (it needs a running stack)',
    'docs/guides/compose.md: docker compose exec --env HOLDFAST_API_KEY=hf_… api holdfast doctor (it needs a running stack)',
    'docs/guides/compose.md: npx holdfast stack upgrade --image registry.example.com/holdfast:0.2.0 (it needs a running stack)',
    'docs/guides/compose.md: npx holdfast stack backup (it needs a running stack)',
    'docs/guides/images.md: bash scripts/build-image.sh holdfast:0.1.0 (needs a Docker engine; tests/images/check-image.ts runs the image)',
    'docs/guides/rate-limits.md: npx holdfast limits set acme caller.read=20 tenant.read=60 agents=50 (it needs Postgres and the login that owns the tables)',
    'docs/guides/sdk.md: pipx run openapi-python-client generate --url http://127.0.0.1:7070/openapi.json --meta none --output-path holdfast_client (the generator comes from PyPI; tests/sdk/python.pglite.test.ts generates the client and runs what stands below)',
    'docs/guides/secrets-and-keys.md: npx holdfast secrets rotate-key (on PGlite the server must be stopped first; tests/e2e/secret-scan.pglite.test.ts tries it)',
    'samples/long-watcher/README.md: npx holdfast attention (a day is too long; tests/samples/long-watcher.pglite.test.ts sets the clock forward)',
  ]);
});

test('TypeScript of a page stands in tests/sdk/guide too, where its types are checked', () => {
  const differ = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ type, file, text }) => {
        const copy = join(root, 'tests/sdk/guide', file);
        return (
          type === 'file' && file.endsWith('.ts') && !(existsSync(copy) && readFileSync(copy, 'utf8') === `${text}\n`)
        );
      })
      .map(({ file, line }) => `${path}:${line}: ${file}`),
  );
  expect(differ).toEqual([]);
});

test('each link leads to a page, and to a heading of it', () => {
  const lost = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target.replaceAll(/\s+/g, ''))
      .filter((target) => !/^https?:/.test(target) && !leads(path, target))
      .map((target) => `${path}: ${target}`),
  );
  expect(lost).toEqual([]);
});

test('each page is linked from another', () => {
  const linked = new Set(
    pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s#]+)/g)]
        .map(([, target = '']) => resolve(root, dirname(path), target))
        .filter((target) => target !== resolve(root, path)),
    ),
  );
  // Decisions are a folder to look through.
  const alone = pages.filter(
    ({ path }) => !path.startsWith('docs/decisions/') && path !== 'README.md' && !linked.has(resolve(root, path)),
  );
  expect(alone.map(({ path }) => path)).toEqual([]);
});

function leads(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(root, from) : resolve(root, dirname(from), file);
  if (!existsSync(path)) return false;
  if (anchor === undefined) return true;
  return readFileSync(path, 'utf8')
    .split('\n')
    .some((line) => line.startsWith('#') && anchorOf(line) === anchor);
}

/** As GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

test('a command that is named in a sentence exists, with its options', () => {
  const reference = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8');
  const known = new Map(
    reference
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n')[0]?.replace('holdfast ', '') ?? '', section]),
  );
  const unknown = pages
    .filter(({ path }) => path !== 'docs/reference/cli.md')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`(?:npx )?holdfast ([a-z][^`]*)`/g)]
        .filter(([, said = '']) => !isKnown(said, known))
        .map(([said]) => `${path}: ${said}`),
    );
  expect(unknown).toEqual([]);
});

function isKnown(said: string, known: ReadonlyMap<string, string>): boolean {
  const words = said.split(/\s+/);
  const name = [3, 2, 1].map((count) => words.slice(0, count).join(' ')).find((each) => known.has(each));
  // A group with an option stands for its list.
  const section = known.get(name ?? (words[1]?.startsWith('-') === true ? `${words[0]} list` : ''));
  if (section === undefined) return [...known.keys()].some((each) => each.startsWith(`${said} `));
  const options = [...said.matchAll(/ (--[a-z-]+)/g)].map(([, option = '']) => option);
  return options.every((option) => option === '--json' || option === '--help' || section.includes(`\`${option}`));
}

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
