import { ProcessHints } from '@holdfast/core';
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
import { describeAuditTables } from './audit.suite.ts';
import { describeErasure } from './deletion.suite.ts';
import { describeIdempotencyKeys } from './idempotency-keys.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeRunStore('PGlite', openMemory);
describeScheduleStore('PGlite', openMemory);
describeOutbox('PGlite', openMemory);
describeBulkStore('PGlite', openMemory);
describeScheduleRows('PGlite', openMemory);
describeBudgets('PGlite', openMemory);
describeModelPrices('PGlite', openMemory);
describeChildRuns('PGlite', openMemory);
describeRunCopies('PGlite', openMemory);
describeRunDirectory('PGlite', openMemory);
describeDeletion('PGlite', openMemory);
describeRetention('PGlite', openMemory);
describeLimitStore('PGlite', openMemory);
describeErasure('PGlite', openMemory);
describeAuditTables('PGlite', openMemory);
describeAgentStore('PGlite', openMemory);
describeTenantStore('PGlite', openMemory);
describeToolServerStore('PGlite', openMemory);
describeTransactions('PGlite', openMemory, true);
describeWebhookStore('PGlite', openMemory);
describeInstallation('PGlite', openMemory);
describeEntrance('PGlite', openMemory);
describeAuditLog('PGlite', openMemory);
describeSecretRows('PGlite', openMemory);
describeUploadStore('PGlite', openMemory);
describeIdempotencyKeys('PGlite', openMemory);
describeHints('one process', async () => {
  const hints = new ProcessHints();
  return { processes: [hints, hints], close: async () => undefined };
});
