import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { diffLines, environmentDiff } from './harness/environment-diff.ts';
import { installedStack, type Programs } from './harness/programs.ts';
import { type Stack, startStack } from './harness/start-stack.ts';
import { countPromises } from './kills/broken-promises.ts';
import { type Death, deaths, type Died, killParts } from './kills/kill-parts.ts';
import { Load } from './kills/load.ts';
import { tableOf } from './kills/table.ts';

// npm run stack                the black-box suite on a stack of its own
// npm run stack -- --serve     a stack to look at, until Ctrl-C
// npm run stack -- --kills     each part killed in turn, under load; --gone 6: seconds that it stays away;
//                              --only 'engine,both workers': those alone, by a part's name or the table's
const { values } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    gone: { type: 'string', default: '6' },
    only: { type: 'string', default: '' },
  },
});
const root = fileURLToPath(new URL('../../', import.meta.url));
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

const programs = wanted();
if (values.serve) await serve(programs);
else if (values.kills) await kill(programs, Number(values.gone) * 1_000);
else process.exitCode = runSuite();

/** @throws Error with the names of what could not be installed. */
function wanted(): Programs {
  const found = installedStack();
  if ('postgres' in found) return found;
  say(`Getting real servers: ${found.join(', ')}`);
  spawnSync('bash', ['scripts/servers.sh', 'install'], { cwd: root, stdio: 'inherit' });
  const now = installedStack();
  if (!('postgres' in now)) throw new Error(`not installed: ${now.join(', ')}. See CONTRIBUTING.md, real servers.`);
  return now;
}

function runSuite(): number {
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [vitest, 'run', '--project', 'stack'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, HOLDFAST_REQUIRE_SERVERS: '1' },
  });
  return run.status ?? 1;
}

async function started(at: Programs): Promise<Stack> {
  say('The core stack starts, each part as a process of its own:');
  return startStack(at, say);
}

async function serve(at: Programs): Promise<void> {
  const stack = await started(at);
  say('\nAll in which API and worker differ from `npm start`: their environment.');
  for (const line of diffLines(environmentDiff(stack.environments))) say(`  ${line}`);
  say(`\nLog in:      ${stack.edge}/auth/login`);
  say('  in acme: alice (builder), bob (viewer), carol (admin), grace (operator); passwords: dev-only-<name>-password');
  say(`Reference:   ${stack.edge}/reference`);
  say(`Temporal:    ${stack.edge}/temporal/, as root-operator`);
  say(`Command line, as an admin of ${stack.tenant}:`);
  say(`  export HOLDFAST_URL=${stack.edge} HOLDFAST_API_KEY=${stack.key}`);
  say('\nCtrl-C stops everything.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  say('\nThe stack stops.');
  await stack.stop();
}

async function kill(at: Programs, goneMs: number): Promise<void> {
  const only = values.only.split(',').filter(Boolean);
  const named = ({ words, parts }: Death, name: string): boolean =>
    name === words || (parts.length === 1 && name === parts[0]);
  const unknown = only.filter((name) => !deaths.some((death) => named(death, name)));
  if (unknown.length > 0)
    throw new Error(`--only names ${unknown.join()}; there are: ${deaths.map(({ words }) => words).join(', ')}`);
  if (!(goneMs >= 0)) throw new Error(`--gone is a number of seconds, not ${values.gone}`);
  const chosen = deaths.filter((death) => only.length === 0 || only.some((name) => named(death, name)));
  const stack = await started(at);
  try {
    say('\nEach part in turn is killed with SIGKILL, while runs are started all the time:');
    const load = await Load.begin(stack);
    const died: Died[] = [];
    for (const death of chosen) {
      const last = await killParts(stack, load, death, { goneMs, calmMs: 8_000 });
      died.push(last);
      say(`  ${tableOf(load, [last]).at(-1)}`);
      if (last.wellAt === null) tellWhy(stack, load);
    }
    await load.finish(120_000);
    const { accepted, ended, onceEffects, onceExpected, broken } = await countPromises(stack, load, died);
    say();
    for (const line of tableOf(load, died)) say(line);
    say(
      `\n${accepted} runs accepted, ${ended} succeeded; ${onceEffects} of ${onceExpected} \`once\` effects, counted by a process of its own.`,
    );
    say('What clients gave up on, after the attempts of the SDK:');
    for (const [said, times] of load.gaveUp) say(`  ${times} × ${said}`);
    for (const line of broken) say(`BROKEN: ${line}`);
    process.exitCode = broken.length === 0 ? 0 : 1;
  } finally {
    await stack.stop();
  }
}

/** What is left of it when nothing gets well again. */
function tellWhy(stack: Stack, load: Load): void {
  const open = load.runs.filter(({ end }) => end === null);
  say(
    `  ${open.length} of ${load.runs.length} runs are open: ${open
      .slice(0, 5)
      .map(({ id, head }) => `${id} at ${head}`)
      .join(', ')}`,
  );
  for (const [name, { output }] of Object.entries(stack.parts))
    if (output !== undefined) say(`  ${name} wrote last:\n${output().trimEnd().split('\n').slice(-20).join('\n')}`);
}
