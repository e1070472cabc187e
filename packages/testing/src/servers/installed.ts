import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export interface InstalledPostgres {
  /** The major version. */
  readonly name: string;
  /** The folder with initdb and postgres. */
  readonly bin: string;
}

/** The major versions that the suites run on; `scripts/servers.sh install` brings both. */
export const wantedVersions = ['15', '18'] as const;

/** Set in CI: a suite whose server is missing fails instead of being skipped. */
export function serversRequired(): boolean {
  return process.env['HOLDFAST_REQUIRE_SERVERS'] === '1';
}

/** The Postgres servers of this machine, oldest first; empty before `bash scripts/servers.sh install`. */
export function postgresVersions(): InstalledPostgres[] {
  const list = installed();
  return wantedVersions.flatMap((name) => {
    const bin = list[`postgres${name}`]?.bin;
    return bin !== undefined && existsSync(join(bin, 'postgres')) ? [{ name, bin }] : [];
  });
}

/** The path of the pgbouncer program, or undefined. */
export function installedPgBouncer(): string | undefined {
  const bin = installed()['pgbouncer']?.bin;
  return bin !== undefined && existsSync(bin) ? bin : undefined;
}

/** Programs that suites of clients need, beside the servers. */
export type InstalledProgram = 'chromium' | 'python-client' | 'llama' | 'temporal' | 'keycloak' | 'traefik';

/** The path of the program (of `python-client`: the folder of its programs; of `llama`: the folder of llama.cpp's server and its model; of `keycloak`: the folder of its distribution), or undefined. */
export function installedProgram(name: InstalledProgram): string | undefined {
  const bin = installed()[name]?.bin;
  return bin !== undefined && existsSync(bin) ? bin : undefined;
}

const listSchema = z.record(z.string(), z.object({ bin: z.string() }));

function installed(): z.infer<typeof listSchema> {
  const file = fileURLToPath(new URL('../../../../.servers/servers.json', import.meta.url));
  return existsSync(file) ? listSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
}
