import { postgresVersions } from '@holdfast/testing/servers';
import { rehearseRestore } from './rehearse.ts';

// scripts/rehearse-restore.sh: on each installed Postgres.
const say = (line: string): void => void process.stdout.write(`${line}\n`);
for (const { name, bin } of postgresVersions()) {
  say(`Postgres ${name}`);
  const rehearsal = await rehearseRestore(bin, (line) => say(`  ${line}`));
  for (const [key, value] of Object.entries(rehearsal)) say(`  ${key.padEnd(20)} ${String(value)}`);
  const { whileFrozen, offeredWhileFrozen, beforeResume, asked, renamed } = rehearsal;
  if (whileFrozen + offeredWhileFrozen + beforeResume > 0 || asked !== 1 || !renamed) process.exitCode = 1;
}
