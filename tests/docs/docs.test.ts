import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, test } from 'vitest';
import { bundledCli } from './bundled-cli.ts';
import { pages } from './pages.ts';
import { tryPage } from './try-page.ts';

/** The address of a database, as pages write it. */
const WRITTEN = 'postgres://holdfast:secret@127.0.0.1:5432/holdfast';

describePostgres('what a page says can be done, can be done on Postgres', ({ bin }) => {
  let postgres: PostgresServer;
  let cli: string;
  beforeAll(async () => {
    postgres = await startPostgres({ bin });
    cli = await bundledCli();
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(dirname(cli), { recursive: true, force: true });
  });

  test.each(pages.filter(({ onPostgres }) => onPostgres).map((page) => [page.path, page] as const))(
    '%s',
    async (_path, page) => tryPage(page, { cli, places: new Map([[WRITTEN, (await database(postgres)).url]]) }),
    300_000,
  );
});
