export {
  type ApiStores,
  type Database,
  type DatabaseOptions,
  migrate,
  type OpenDatabase,
  openDatabase,
  type WorkerStores,
} from './database.ts';
export { type DatabaseProblem, DatabaseNotUsable, InvalidAppend } from './errors.ts';
export { examineDatabase } from './examine-database.ts';
export { type InstallationFacts, type InstallationSource, readInstallation } from './export-tables.ts';
export { checkImport, type ImportedInstallation, writeInstallation } from './import-tables.ts';

export { markMoved, unmarkMoved } from './moved-mark.ts';
export { LEASE_MS } from './worker-lease.ts';
export { openPgliteClient } from './pglite.ts';
export { checkSchema, type SchemaState, schemaState } from './migrate.ts';
export { openConfigured } from './open-configured.ts';
