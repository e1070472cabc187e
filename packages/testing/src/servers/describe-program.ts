import { describe, test } from 'vitest';
import { type InstalledProgram, installedProgram, serversRequired } from './installed.ts';

const hint = 'bash scripts/servers.sh install';

/** A suite that needs a program. Without it the suite is skipped and says why; with HOLDFAST_REQUIRE_SERVERS=1 it fails. */
export function describeProgram(program: InstalledProgram, name: string, suite: (bin: string) => void): void {
  const bin = installedProgram(program);
  if (bin !== undefined) describe(name, () => suite(bin));
  else if (serversRequired())
    test(name, () => {
      throw new Error(`${program} is not installed: ${hint}`);
    });
  else describe.skip(`${name} (needs ${program}: ${hint})`, () => suite('/nonexistent'));
}
