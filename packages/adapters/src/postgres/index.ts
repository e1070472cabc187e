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
export { LEASE_MS } from './worker-lease.ts';
export { openPgliteClient } from './pglite.ts';
export { type SchemaState, schemaState } from './migrate.ts';
export { openConfigured } from './open-configured.ts';
