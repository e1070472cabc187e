import { describe, test } from 'vitest';
import { type InstalledPostgres, postgresVersions, serversRequired, wantedVersions } from './installed.ts';

const hint = 'bash scripts/servers.sh install';

/**
 * A suite that runs once per installed Postgres version. Without any it is skipped and says why;
 * with HOLDFAST_REQUIRE_SERVERS=1 each missing version fails.
 */
export function describePostgres(name: string, suite: (version: InstalledPostgres) => void): void {
  const versions = postgresVersions();
  for (const version of versions) describe(`${name} on Postgres ${version.name}`, () => suite(version));
  const missing = wantedVersions.filter((wanted) => !versions.some((version) => version.name === wanted));
  if (serversRequired()) {
    for (const version of missing) {
      test(`${name} on Postgres ${version}`, () => {
        throw new Error(`Postgres ${version} is not installed: ${hint}`);
      });
    }
  } else if (versions.length === 0) {
    describe.skip(`${name} (needs Postgres: ${hint})`, () => suite({ name: 'none', bin: '/nonexistent' }));
  }
}
