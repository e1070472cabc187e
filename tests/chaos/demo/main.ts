import { parseArgs } from 'node:util';
import { installedProgram, postgresVersions, startPostgres, startTemporal } from '@holdfast/testing/servers';
import { brokenPromises, crashDemo, type CrashFigures, quantile } from './crash-demo.ts';

// npm run demo:crash [-- --runs 100 --kills 5 --seed 1 --on pglite|postgres|temporal|both]
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    on: { type: 'string', default: 'both' },
  },
});
const options = { runs: Number(values.runs), kills: Number(values.kills), seed: Number(values.seed) };
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(
  `Crash demo, seed ${options.seed}. Effects are counted by a process of their own; the model is the rehearsal model.`,
);

const rows: [string, CrashFigures][] = [];
if (values.on === 'pglite' || values.on === 'both') {
  say('\nPGlite, everything in one process:');
  rows.push(['PGlite', await crashDemo({ ...options, postgres: null, temporal: null, say })]);
}
const installed = postgresVersions().at(-1);
if (values.on === 'postgres' || values.on === 'both') {
  if (installed === undefined)
    say('\nPostgres: skipped, none is installed for tests. Get one: bash scripts/servers.sh install');
  else {
    say(`\nPostgres ${installed.name}, two workers:`);
    const server = await startPostgres({ bin: installed.bin, fsync: true });
    try {
      rows.push([
        `Postgres ${installed.name}`,
        await crashDemo({ ...options, postgres: server.url, temporal: null, say }),
      ]);
    } finally {
      await server.stop();
    }
  }
}
if (values.on === 'temporal') {
  const bin = installedProgram('temporal');
  if (installed === undefined || bin === undefined)
    say('\nTemporal: skipped, it or Postgres is not installed for tests. Get both: bash scripts/servers.sh install');
  else {
    say(`\nTemporal with Postgres ${installed.name}, three workers; Temporal itself is killed, too:`);
    const server = await startPostgres({ bin: installed.bin, fsync: true });
    const temporal = await startTemporal(bin);
    const disturb = async (): Promise<void> => {
      await temporal.kill();
      await temporal.start();
      say('  Temporal was killed and started again');
    };
    const setup = { postgres: server.url, temporal: temporal.address, workers: 3, disturb };
    try {
      rows.push(['Temporal', await crashDemo({ ...options, ...setup, say })]);
    } finally {
      await temporal.stop();
      await server.stop();
    }
  }
}

const columns: [string, (figures: CrashFigures) => number | string][] = [
  ['accepted', (row) => row.accepted],
  ['kills', (row) => row.kills],
  ['ended', (row) => row.ended],
  ['asked a person', (row) => row.asked],
  ['lost', (row) => row.lost],
  ['missing events', (row) => row.missingEvents],
  ['once effects doubled', (row) => row.onceDoubled],
  ['most runs of an idempotent effect', (row) => row.idempotentMost],
  ['resumed, p50', (row) => `${quantile(row.resumeMs, 0.5)} ms`],
  ['resumed, p99', (row) => `${quantile(row.resumeMs, 0.99)} ms`],
];
say('');
say(''.padEnd(36) + rows.map(([name]) => name.padStart(14)).join(''));
for (const [title, value] of columns)
  say(title.padEnd(36) + rows.map(([, figures]) => String(value(figures)).padStart(14)).join(''));

const broken = rows.flatMap(([name, figures]) => brokenPromises(figures).map((line) => `${name}: ${line}`));
for (const line of broken) process.stderr.write(`${line}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
