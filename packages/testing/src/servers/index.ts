export { type Certificates, makeCertificates } from './certificates.ts';
export { database, type Database } from './database.ts';
export { describePostgres } from './describe-postgres.ts';
export { describeProgram } from './describe-program.ts';
export { freePort, freePortWithNext } from './free-port.ts';
export {
  installedPgBouncer,
  installedProgram,
  postgresVersions,
  serversRequired,
  type InstalledPostgres,
} from './installed.ts';
export { type LlamaServer, startLlama } from './llama.ts';
export { startPgBouncer, type PgBouncer } from './pgbouncer.ts';
export { describeKeycloak } from './describe-keycloak.ts';
export { KEYCLOAK_ADMIN_PASSWORD, type KeycloakServer, startKeycloak } from './keycloak.ts';
export { describeTemporal } from './describe-temporal.ts';
export { startTemporal, type TemporalServer } from './temporal.ts';
export { authority, type Authority } from './authority.ts';
export { describeRedis } from './describe-redis.ts';
export { REDIS_PASSWORD, type RedisServer, startRedis } from './redis.ts';
export { startTraefik, type TraefikServer } from './traefik.ts';
export { startPostgres, startRestored, startStandby, type PostgresServer } from './postgres.ts';
export { describeSeaweedFs } from './describe-seaweedfs.ts';
export { type SeaweedFsServer, startSeaweedFs } from './seaweedfs.ts';
export { type MotoServer, startMoto } from './moto.ts';
export { serverOwner } from './server-process.ts';
export { type SourceProgram, startSourceProgram } from './source-program.ts';
export { type Logins, prepareLogins } from './prepare-logins.ts';
