import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresVersions, startPostgres } from '@holdfast/testing/servers';

/** A database that is used by nobody else, every commit synced, and a folder for the rest. */
export interface Place {
  readonly name: string;
  readonly kind: 'pglite' | 'postgres';
  readonly address: string;
  /** For processes of Holdfast on it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stop the processes first. */
  close(): Promise<void>;
}

/** `wanted`: `15`, `18`, or `pglite`. @throws Error when that Postgres is not installed. */
export async function openPlace(wanted: string): Promise<Place> {
  const bin = wanted === 'pglite' ? null : binOf(wanted);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const server = bin === null ? null : await startPostgres({ bin, fsync: true });
    const address = server?.url ?? `pglite://${join(folder, 'database')}`;
    return {
      name: server === null ? 'PGlite' : `Postgres ${wanted}`,
      kind: server === null ? 'pglite' : 'postgres',
      address,
      environment: { DATABASE_URL: address, DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'error' },
      close: async () => {
        await server?.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

export function binOf(wanted: string): string {
  const version = postgresVersions().find(({ name }) => name === wanted);
  if (version === undefined) throw new Error(`Postgres ${wanted} is not installed: bash scripts/servers.sh install`);
  return version.bin;
}
