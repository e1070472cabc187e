export { database, type Database } from './database.ts';
export { describePostgres } from './describe-postgres.ts';
export { describeProgram } from './describe-program.ts';
export { freePort } from './free-port.ts';
export { installedPgBouncer, postgresVersions, type InstalledPostgres } from './installed.ts';
export { type LlamaServer, startLlama } from './llama.ts';
export { startPgBouncer, type PgBouncer } from './pgbouncer.ts';
export { startPostgres, type PostgresServer } from './postgres.ts';
