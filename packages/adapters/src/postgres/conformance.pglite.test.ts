import {
  describeAgentStore,
  describeAuditLog,
  describeBulkStore,
  describeChildRuns,
  describeHints,
  describeInstallation,
  describeOutbox,
  describeRunDirectory,
  describeRunStore,
  describeScheduleStore,
  describeSecretRows,
  describeToolServerStore,
  describeTransactions,
} from '@holdfast/testing';
import { ProcessHints } from './hints.ts';
import { describeIdempotencyKeys } from './idempotency-keys.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeRunStore('PGlite', openMemory);
describeScheduleStore('PGlite', openMemory);
describeOutbox('PGlite', openMemory);
describeBulkStore('PGlite', openMemory);
describeChildRuns('PGlite', openMemory);
describeRunDirectory('PGlite', openMemory);
describeAgentStore('PGlite', openMemory);
describeToolServerStore('PGlite', openMemory);
describeTransactions('PGlite', openMemory, true);
describeInstallation('PGlite', openMemory);
describeAuditLog('PGlite', openMemory);
describeSecretRows('PGlite', openMemory);
describeIdempotencyKeys('PGlite', openMemory);
describeHints('one process', async () => {
  const hints = new ProcessHints();
  return { processes: [hints, hints], close: async () => undefined };
});
