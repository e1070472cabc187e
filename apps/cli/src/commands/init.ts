import type { OpenDatabase } from '@holdfast/adapters/postgres';
import { parseEnv } from '@holdfast/contracts';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { makeBucket } from '../make-bucket.ts';
import { onDatabase } from '../on-database.ts';

/** With tables of this release; says what was applied for it. */
const onMigrated = <T>(
  context: Context,
  work: (database: OpenDatabase, migrated: readonly string[]) => Promise<T>,
): Promise<T> =>
  onDatabase(context, async (database) => {
    const { migrate } = await import('@holdfast/adapters/postgres');
    const { lockTimeoutMs } = parseEnv(context.surroundings.env).connections;
    return work(database, await migrate(database, { lockTimeoutMs }));
  });

export function init(program: Command, context: Context): void {
  program
    .command('init')
    .description('bring the tables up to date, and make a tenant with its first admin key')
    .requiredOption('--tenant <name>', 'name of the tenant')
    .action(async ({ tenant }: { tenant: string }) => {
      const { createTenant } = await import('@holdfast/core');
      const slots = parseEnv(context.surroundings.env).tenantSlots;
      const made = await onMigrated(context, async (database) => createTenant(await database.owner(), tenant, slots));
      const output = context.output();
      if (output.json) return output.out(JSON.stringify({ tenant: made.tenant, api_key: made.key }));
      output.err(`Tenant ${tenant} (${made.tenant}). Its first admin key, shown only now:`);
      output.out(made.key);
    });
}

export function migrateCommand(program: Command, context: Context): void {
  program
    .command('migrate')
    .description(
      'bring the tables up to date (DATABASE_MIGRATE_URL, or DATABASE_URL), the namespace in Temporal (TEMPORAL_ADDRESS), and make the bucket of the artifacts (S3_ENDPOINT)',
    )
    .option('--check', 'change nothing: list what would be applied; exits with 1 when there is something')
    .action(async ({ check = false }: { check?: boolean }) => {
      if (check) return showState(context);
      await prepareTemporal(context);
      const applied = await onMigrated(context, (_database, migrated) => Promise.resolve(migrated));
      context.output().out(applied.length === 0 ? 'The tables are up to date.' : `Applied: ${applied.join(', ')}`);
      // Last: without it the tables are in order all the same.
      await prepareBucket(context);
    });
}

/** For pipelines that ask before they deploy. */
async function showState(context: Context): Promise<void> {
  const { schemaState } = await import('@holdfast/adapters/postgres');
  const { missing, newer } = await onDatabase(context, ({ connections }) => schemaState(connections));
  const { json, out } = context.output();
  if (json) out(JSON.stringify({ missing, newer }));
  else {
    out(missing.length === 0 ? 'The tables are up to date.' : `To be applied: ${missing.join(', ')}`);
    if (newer.length > 0) out(`Of a later release: ${newer.join(', ')}`);
  }
  context.exit(missing.length === 0 ? exitCodes.ok : exitCodes.failed);
}

/** @throws Failure when Temporal is configured and cannot be prepared. */
async function prepareTemporal({ surroundings, output }: Context): Promise<void> {
  const { temporal, secrets } = parseEnv(surroundings.env);
  if (temporal === null) return;
  const { configuredSettings, explainFailure, prepareNamespace } = await import('@holdfast/driver-temporal');
  const settings = configuredSettings(temporal, secrets);
  try {
    const added = await prepareNamespace(settings);
    output().out(
      added.length === 0
        ? `Namespace ${settings.namespace} in Temporal is up to date.`
        : `Added to namespace ${settings.namespace} in Temporal: ${added.join(', ')}`,
    );
  } catch (error) {
    throw new Failure(`Temporal cannot be prepared: ${explainFailure(error, settings)}.`);
  }
}

async function prepareBucket({ surroundings, output }: Context): Promise<void> {
  const config = parseEnv(surroundings.env);
  const found = await makeBucket(config);
  if (found === null) return;
  const bucket = config.s3?.bucket ?? '';
  output().out(found === 'made' ? `Made the bucket ${bucket}.` : `The bucket ${bucket} is there.`);
}
