import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  database,
  describePostgres,
  describeTemporal,
  postgresVersions,
  type PostgresServer,
  startPostgres,
} from '@holdfast/testing/servers';
import { afterAll, beforeAll, test } from 'vitest';
import { platformAdmin, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';
import { bundledCli } from './bundled-cli.ts';
import { pages } from './pages.ts';
import { tryPage } from './try-page.ts';

/** The address of a database, as pages write it. */
const WRITTEN = 'postgres://holdfast:secret@127.0.0.1:5432/holdfast';
/** That of an OIDC issuer, whose programs are platform admins here. */
const WRITTEN_ISSUER = 'https://id.example.com/realms/holdfast';

describePostgres('what a page says can be done, can be done on Postgres', ({ bin }) => {
  let postgres: PostgresServer;
  let issuer: TestIssuer;
  let cli: string;
  beforeAll(async () => {
    postgres = await startPostgres({ bin });
    issuer = await startIssuer({ ...platformAdmin, sub: 'platform', azp: 'platform' });
    cli = await bundledCli();
  });
  afterAll(async () => {
    await postgres.stop();
    await issuer.close();
    rmSync(dirname(cli), { recursive: true, force: true });
  });

  test.each(
    pages.filter(({ onPostgres, onTemporal }) => onPostgres && !onTemporal).map((page) => [page.path, page] as const),
  )(
    '%s',
    async (_path, page) => {
      const places = new Map([
        [WRITTEN, (await database(postgres)).url],
        [WRITTEN_ISSUER, issuer.url],
      ]);
      await tryPage(page, { cli, places });
    },
    300_000,
  );
});

/** The address of a Temporal server, as pages write it. */
const WRITTEN_TEMPORAL = '127.0.0.1:7233';

describeTemporal('what a page says can be done, can be done on Temporal', (temporal) => {
  let postgres: PostgresServer;
  let cli: string;
  beforeAll(async () => {
    const newest = postgresVersions().at(-1);
    if (newest === undefined) throw new Error('pages about Temporal need Postgres, too');
    postgres = await startPostgres({ bin: newest.bin });
    cli = await bundledCli();
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(dirname(cli), { recursive: true, force: true });
  });

  test.each(pages.filter(({ onTemporal }) => onTemporal).map((page) => [page.path, page] as const))(
    '%s',
    async (_path, page) => {
      const places = new Map([
        [WRITTEN, (await database(postgres)).url],
        [WRITTEN_TEMPORAL, temporal().address],
      ]);
      await tryPage(page, { cli, places });
    },
    300_000,
  );
});
