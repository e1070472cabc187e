import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';

/** Gives a fresh Postgres database; null = PGlite, whose product brings its own. */
export type FreshDatabase = () => Promise<string | null>;

/** The same suite on PGlite and on each installed Postgres. */
export function onEachDatabase(name: string, suite: (fresh: FreshDatabase) => void): void {
  describe(`${name} on PGlite`, () => {
    suite(() => Promise.resolve(null));
  });
  onPostgres(name, suite);
}

/** Only where several processes share one database. */
export function onPostgres(name: string, suite: (fresh: () => Promise<string>) => void): void {
  describePostgres(name, ({ bin }) => {
    let server: PostgresServer;
    const databases: { drop(): Promise<void> }[] = [];
    beforeAll(async () => {
      server = await startPostgres({ bin });
    });
    afterEach(async () => {
      for (const each of databases.splice(0)) await each.drop();
    });
    afterAll(() => server.stop());
    suite(async () => {
      const made = await database(server);
      databases.push(made);
      return made.url;
    });
  });
}
