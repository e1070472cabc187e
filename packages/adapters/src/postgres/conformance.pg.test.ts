import {
  describeAgentStore,
  describeAuditLog,
  describeBulkStore,
  describeChildRuns,
  describeDeletion,
  describeHints,
  describeInstallation,
  describeEntrance,
  describeOutbox,
  describeLimitStore,
  describeRetention,
  describeRunCopies,
  describeRunDirectory,
  describeRunStore,
  describeBudgets,
  describeModelPrices,
  describeScheduleRows,
  describeScheduleStore,
  describeSecretRows,
  describeUploadStore,
  describeTenantStore,
  describeToolServerStore,
  describeTransactions,
  describeWebhookStore,
} from '@holdfast/testing';
import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { openDatabase } from './database.ts';
import { describeAuditTables } from './audit.suite.ts';
import { describeErasure } from './deletion.suite.ts';
import { describeIdempotencyKeys } from './idempotency-keys.suite.ts';
import { openOn } from './open-stores.suite.ts';

describePostgres('the stores', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  const open = () => openOn(server);
  describeRunStore('Postgres', open);
  describeScheduleStore('Postgres', open);
  describeOutbox('Postgres', open);
  describeBulkStore('Postgres', open);
  describeScheduleRows('Postgres', open);
  describeBudgets('Postgres', open);
  describeModelPrices('Postgres', open);
  describeChildRuns('Postgres', open);
  describeRunCopies('Postgres', open);
  describeRunDirectory('Postgres', open);
  describeDeletion('Postgres', open);
  describeRetention('Postgres', open);
  describeLimitStore('Postgres', open);
  describeErasure('Postgres', open);
  describeAuditTables('Postgres', open);
  describeAgentStore('Postgres', open);
  describeTenantStore('Postgres', open);
  describeToolServerStore('Postgres', open);
  describeTransactions('Postgres', open, false);
  describeWebhookStore('Postgres', open);
  describeInstallation('Postgres', open);
  describeEntrance('Postgres', open);
  describeAuditLog('Postgres', open);
  describeSecretRows('Postgres', open);
  describeUploadStore('Postgres', open);
  describeIdempotencyKeys('Postgres', open);
  describeHints('LISTEN and NOTIFY', async () => {
    const { url } = await database(server);
    const processes = await Promise.all([openDatabase(url), openDatabase(url), openDatabase(url)]);
    return {
      processes: processes.map(({ hints }) => hints),
      close: async () => void (await Promise.all(processes.map((one) => one.close()))),
    };
  });
});
