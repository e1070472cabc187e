import {
  installedPgBouncer,
  type InstalledPostgres,
  installedProgram,
  postgresVersions,
} from '@holdfast/testing/servers';

/** The paths of all that the stack runs, and of a browser. */
export interface Programs {
  readonly postgres: InstalledPostgres;
  readonly pgbouncer: string;
  readonly valkey: string;
  readonly seaweedfs: string;
  readonly temporal: string;
  readonly keycloak: string;
  readonly traefik: string;
  readonly chromium: string;
}

type Found = { readonly [Name in keyof Programs]: Programs[Name] | undefined };

/** The installed programs; or the names of those that are missing. */
export function installedStack(): Programs | readonly string[] {
  const found: Found = {
    postgres: postgresVersions().at(-1),
    pgbouncer: installedPgBouncer(),
    valkey: installedProgram('valkey'),
    seaweedfs: installedProgram('seaweedfs'),
    temporal: installedProgram('temporal'),
    keycloak: installedProgram('keycloak'),
    traefik: installedProgram('traefik'),
    chromium: installedProgram('chromium'),
  };
  return isWhole(found) ? found : missingOf(found);
}

const missingOf = (found: Found): string[] =>
  Object.entries(found).flatMap(([name, program]) => (program === undefined ? [name] : []));

const isWhole = (found: Found): found is Programs => missingOf(found).length === 0;
