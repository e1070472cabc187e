import {
  database,
  describePostgres,
  describeTemporal,
  postgresVersions,
  type PostgresServer,
  startPostgres,
  type TemporalServer,
} from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Share, share, tenth } from './share.ts';

/** What a product runs on. */
export interface Setup {
  /** URL of a fresh database; null = PGlite, whose product brings its own. */
  readonly postgres: string | null;
  /** Address of the Temporal server that carries its runs; null = its workers do by themselves. */
  readonly temporal: string | null;
}

export type FreshSetup = () => Promise<Setup>;

/** `share`: which cases of a table it tries here. */
type Suite = (fresh: FreshSetup, share: Share) => void;

/** The same suite on PGlite, on each installed Postgres, and on Temporal with the newest Postgres. */
export function onEachSetup(name: string, suite: Suite): void {
  describe(`${name} on PGlite`, () => {
    suite(() => Promise.resolve({ postgres: null, temporal: null }), share);
  });
  onPostgres(name, suite);
}

/**
 * Only where several processes share one database. Tables are tried whole on the newest Postgres, and on older ones, whose
 * SQL is the same, to a tenth.
 */
export function onPostgres(name: string, suite: Suite): void {
  describePostgres(name, ({ bin }) => {
    const fresh = freshDatabase(() => bin);
    suite(
      async () => ({ postgres: await fresh(), temporal: null }),
      bin === postgresVersions().at(-1)?.bin ? share : tenth,
    );
  });
  onTemporal(name, (fresh) => suite(fresh, share));
}

/** A suite on a Temporal server of its own, with the newest Postgres. */
export function onTemporal(name: string, suite: (fresh: FreshSetup, server: () => TemporalServer) => void): void {
  describeTemporal(`${name} on Temporal`, (server) => {
    const fresh = freshDatabase(newestPostgres);
    suite(async () => ({ postgres: await fresh(), temporal: server().address }), server);
  });
}

/** Asked when tests run: without servers their suites are skipped, but still read. */
export function newestPostgres(): string {
  const newest = postgresVersions().at(-1);
  if (newest === undefined) throw new Error('Temporal is tested with Postgres: bash scripts/servers.sh install');
  return newest.bin;
}

function freshDatabase(bin: () => string): () => Promise<string> {
  let server: PostgresServer;
  const databases: { drop(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await startPostgres({ bin: bin() });
  });
  afterAll(async () => {
    for (const each of databases) await each.drop();
    await server.stop();
  });
  return async () => {
    const made = await database(server);
    databases.push(made);
    return made.url;
  };
}
