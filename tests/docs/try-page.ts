import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, freePortWithNext } from '@holdfast/testing/servers';
import { type Block, commandsOf } from './blocks.ts';
import { isWhole, PageShell, type Ran } from './page-shell.ts';
import { type Page, root, SOURCE } from './pages.ts';
import { firstMissing } from './shown.ts';

/** What is there already when a page begins. */
export interface Surroundings {
  /** The command line, as one file. */
  readonly cli: string;
  /** A server, for pages that start none: its URL, and a key of a tenant of the page's own. */
  readonly server?: { readonly url: string; key(page: Page): Promise<string> };
  /** What stands here for an address of the page. */
  readonly places?: ReadonlyMap<string, string>;
}

/** What a start of the server writes once it can be used. */
const SERVING = 'keeps serving';

/** These change nothing: what they show may be a moment late. */
const looking =
  /^npx holdfast (attention|watch|usage|audit|models|doctor|runs (list|show|effects|watch|bulk (list|status))|(threads|tools|artifacts|agents|keys|secrets|schedules|webhooks|budgets) (list|get|show|versions|next|deliveries))\b/;
const LOOKING_MS = 60_000;
const LOOK_AGAIN_MS = 200;

/** Does what the page says, in a folder that looks like a clone. @throws Error with the line of the page. */
export async function tryPage(page: Page, surroundings: Surroundings): Promise<void> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-page-')));
  try {
    await tryIn(base, page, surroundings);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function tryIn(
  base: string,
  page: Page,
  { cli, server, places: others = new Map() }: Surroundings,
): Promise<void> {
  const clone = likeAClone(join(base, 'clone'));
  for (const folder of ['tmp', 'home', 'written']) mkdirSync(join(base, folder));
  const startsOne = page.blocks.some(({ type, text }) => type === 'commands' && /\bnpm start\b/.test(text));
  const ready = startsOne ? undefined : server;
  const port = ready === undefined ? String(await freePortWithNext()) : new URL(ready.url).port;
  const places = new Map([
    ['7070', port],
    ['7071', String(Number(port) + 1)],
    ['7080', String(await freePort())],
    ['/tmp/', `${base}/tmp/`],
    ...others,
  ]);
  if (ready !== undefined) keepKey(clone, ready.url, await ready.key(page));
  const shell = new PageShell(join(base, 'written'), clone, {
    PATH: `${join(root, 'tests/docs/commands')}:${process.env['PATH'] ?? ''}`,
    HOME: join(base, 'home'),
    LANG: 'C.UTF-8',
    HOLDFAST_ROOT: root.replace(/\/$/, ''),
    HOLDFAST_CLI: cli,
    HOLDFAST_NODE: process.execPath,
    HOLDFAST_SOURCES: `--conditions=${SOURCE} --import tsx`,
    HOLDFAST_PORT: port,
  });
  const seen = new Map<string, string>();
  try {
    for (const block of page.blocks)
      if (block.type === 'file') writeFileSync(fileOf(page, block, clone), placed(`${block.text}\n`, places));
      else if (block.type === 'commands') await tryBlock(page, block, shell, places, seen);
  } finally {
    await shell.close();
  }
}

async function tryBlock(
  { path }: Page,
  block: Block,
  shell: PageShell,
  places: ReadonlyMap<string, string>,
  seen: Map<string, string>,
): Promise<void> {
  const commands = commandsOf(block, isWhole);
  for (const [index, { text, shown }] of commands.entries()) {
    const at = `${path}:${block.line}: ${text}`;
    const last = index === commands.length - 1;
    const command = filled(placed(text, places), seen, at);
    const keeps = last ? (block.note.keeps ?? (/\bnpm start\b/.test(text) ? SERVING : null)) : null;
    if (keeps !== null) {
      await shell.leaveRunning(command, placed(keeps, places));
      continue;
    }
    const ran = await settled(shell, command, (one) => complaint(one, shown, last ? block.note.exits : null, places));
    const wrong = complaint(ran, shown, last ? block.note.exits : null, places);
    if (wrong !== null) throw new Error(`${at}\n${wrong}\n${ran.output}`);
    remember(ran.output, seen);
  }
}

/** Runs it; again and again while it only looks, until it shows what the page shows. */
async function settled(shell: PageShell, command: string, wrong: (ran: Ran) => string | null): Promise<Ran> {
  const until = performance.now() + LOOKING_MS;
  for (;;) {
    const ran = await shell.run(command);
    if (wrong(ran) === null || !looking.test(command) || performance.now() > until) return ran;
    // What it waits for needs the processors too.
    await pause(LOOK_AGAIN_MS);
  }
}

/** 3 is told by the command itself: the run waits for a person. */
function complaint(
  { code, output }: Ran,
  shown: readonly string[],
  exits: number | null,
  places: ReadonlyMap<string, string>,
): string | null {
  const right = exits === null ? code === 0 || (code === 3 && output.includes('waits for a person')) : code === exits;
  if (!right) return `exited with ${code}, having written:`;
  const missing = firstMissing(
    shown.map((line) => placed(line, places)),
    output,
  );
  return missing === null ? null : `the page shows "${missing}", but it wrote:`;
}

function placed(text: string, places: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [told, here] of places)
    result = result.replaceAll(/^\d+$/.test(told) ? new RegExp(`\\b${told}\\b`, 'g') : told, here);
  return result;
}

/** `<run>`, `<ref>` and `<bulk>` stand for what was written last. */
function filled(command: string, seen: ReadonlyMap<string, string>, at: string): string {
  return command.replaceAll(/<(\w+)>/g, (_, name: string) => {
    const value = seen.get(name);
    if (value === undefined) throw new Error(`${at}\nnobody has written a ${name} before`);
    return value;
  });
}

function remember(output: string, seen: Map<string, string>): void {
  const [, listed] = /^([0-9a-f]{8}-[0-9a-f-]{27})(  |$)/m.exec(output) ?? [];
  if (listed !== undefined) seen.set('run', listed);
  for (const [, run = ''] of output.matchAll(/^run +([0-9a-f-]{36})/gm)) seen.set('run', run);
  for (const [, bulk = ''] of output.matchAll(/^(?:cancel|pause|resume|rerun|fork) ([0-9a-f-]{36}): /gm))
    seen.set('bulk', bulk);
  for (const [, run = '', ref = ''] of output.matchAll(/holdfast decide (\S+) (\S+) --/g))
    seen.set('run', run).set('ref', ref);
}

/**
 * All of the repository is in it; what the page writes stays there. Tool servers want folders that really are where they
 * are said to be.
 */
function likeAClone(folder: string): string {
  mkdirSync(folder);
  for (const name of ['docs', 'samples']) cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of readdirSync(root))
    if (!['.git', '.holdfast', '.servers', 'docs', 'samples'].includes(name))
      symlinkSync(join(root, name), join(folder, name));
  return folder;
}

function keepKey(clone: string, url: string, key: string): void {
  mkdirSync(join(clone, '.holdfast'));
  writeFileSync(join(clone, '.holdfast', 'cli.json'), JSON.stringify({ url, api_key: key }));
}

function fileOf({ path, text }: Page, { file, line }: Block, clone: string): string {
  if (!/^[\w-]+\.\w+$/.test(file)) throw new Error(`${path}:${line}: ${file} is no name of a file`);
  if (readdirSync(root).includes(file)) throw new Error(`${path}:${line}: ${file} would replace one of the repository`);
  if (!text.includes(`\`${file}\``)) throw new Error(`${path}:${line}: the text does not say that this is \`${file}\``);
  return join(clone, file);
}
