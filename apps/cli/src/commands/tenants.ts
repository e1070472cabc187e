import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { duration, tenantName } from '@holdfast/contracts';
import { Holdfast, type PlatformAuditLine, type TenantResource } from '@holdfast/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { onDatabase } from '../on-database.ts';
import { dollars, type Output, printable, show, showFields, showJson, showRows } from '../output.ts';
import { platformOnDatabase } from '../platform/on-database.ts';
import { platformOverApi } from '../platform/over-api.ts';
import type { Platform } from '../platform/platform.ts';
import { platformSettings } from '../settings.ts';
import { confirmed, defined, integer } from './arguments.ts';

const DAY_MS = 86_400_000;

/** As a platform admin over the API, or without a token and a login as the owner of the database. */
function onPlatform<T>(context: Context, work: (platform: Platform) => Promise<T>): Promise<T> {
  const settings = platformSettings(context.surroundings);
  if (settings !== null) return work(platformOverApi(new Holdfast(settings)));
  return onDatabase(
    context,
    async (database) => work(await platformOnDatabase(database, context.surroundings)),
    ' With HOLDFAST_TOKEN, the token of a platform admin, the API is asked.',
  );
}

export function tenants(program: Command, context: Context): void {
  const group = program
    .command('tenants')
    .description(
      'the tenants of the installation: over the API with HOLDFAST_TOKEN (the token of a platform admin), on the database itself with DATABASE_MIGRATE_URL or DATABASE_URL, else over the API with the login of a platform admin',
    );
  reading(group, context);
  changing(group, context);
  proving(group, context);
}

function reading(group: Command, context: Context): void {
  group
    .command('list')
    .description('all of them, oldest first')
    .action(() =>
      onPlatform(context, async (platform) => {
        const output = context.output();
        const all: TenantResource[] = [];
        for await (const tenant of platform.list()) {
          if (output.json) showJson(output, tenant);
          else all.push(tenant);
        }
        if (!output.json) showRows(output, ['id', 'name', 'slots', 'weight', 'state'], all.map(row));
      }),
    );
  group
    .command('get')
    .description('one of them')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) =>
      onPlatform(context, async (platform) => tell(context.output(), await platform.get(await platform.idOf(tenant)))),
    );
  group
    .command('usage')
    .description('what each has used, from the database; the last 30 days when left out')
    .option('--from <time>', 'from here on, such as 2030-01-31T00:00:00Z', time)
    .option('--to <time>', 'before this time', time)
    .action(({ from, to }: { from?: number; to?: number }) =>
      onDatabase(context, async (database) => {
        const stores = await database.api();
        const output = context.output();
        const end = to ?? database.clock.now();
        const span = { from: from ?? end - 30 * DAY_MS, to: end, groupBy: 'none', most: 1 } as const;
        const lines = [];
        for await (const { id, name } of (await platformOnDatabase(database, context.surroundings)).list()) {
          const [sum] = await stores.directory.usage({ tenant: id }, span);
          const { runs = 0, calls = 0, tokens = 0, costUsdMicros = 0 } = sum ?? {};
          lines.push({ id, name, runs, calls, tokens, cost_usd_micros: costUsdMicros });
        }
        if (output.json) lines.forEach((line) => showJson(output, line));
        else showRows(output, ['tenant', 'runs', 'calls', 'tokens', 'cost'], lines.map(usageRow));
      }),
    );
}

const usageRow = (line: { name: string; runs: number; calls: number; tokens: number; cost_usd_micros: number }) => [
  line.name,
  String(line.runs),
  String(line.calls),
  String(line.tokens),
  dollars(line.cost_usd_micros),
];

function time(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('must be a time such as 2030-01-31T09:00:00Z.');
  return ms;
}

function changing(group: Command, context: Context): void {
  const change = (tenant: string, work: (platform: Platform, id: string) => Promise<TenantResource>): Promise<void> =>
    onPlatform(context, async (platform) => tell(context.output(), await work(platform, await platform.idOf(tenant))));
  group
    .command('create')
    .description('its first admin key is shown once, on standard output')
    .argument('<name>', 'as tokens may name it, too', named)
    .addOption(new Option('--slots <n>', 'runs at once; TENANT_SLOTS when left out').argParser(integer))
    .addOption(new Option('--weight <n>', 'its share of admissions, 1 to 1000').argParser(weight).default(1))
    .option('--external-id <id>', 'what the OIDC issuer calls it for ever')
    .option('--no-key', 'without a first admin key: people come through the OIDC issuer')
    .action((name: string, options: { slots?: number; weight: number; externalId?: string; key: boolean }) =>
      onPlatform(context, async (platform) => {
        const { slots, externalId, key, weight: share } = options;
        const made = await platform.create({
          name,
          weight: share,
          external_id: externalId ?? null,
          key,
          ...defined({ slots }),
        });
        const output = context.output();
        if (output.json) return showJson(output, made);
        const shown = made.api_key === null ? '' : ' Its first admin key, shown only now:';
        output.err(`Tenant ${name} (${made.id}).${shown}`);
        if (made.api_key !== null) output.out(made.api_key);
      }),
    );
  group
    .command('update')
    .description('what is left out stays')
    .argument('<tenant>', 'its name or id')
    .addOption(new Option('--name <name>').argParser(named))
    .option('--external-id <id>', 'what the OIDC issuer calls it for ever')
    .option('--no-external-id', 'it is known by its name')
    .addOption(new Option('--slots <n>', 'runs at once').argParser(integer))
    .addOption(new Option('--weight <n>', 'its share of admissions, 1 to 1000').argParser(weight))
    .action(
      (tenant: string, settings: { name?: string; externalId?: string | false; slots?: number; weight?: number }) => {
        const { name, externalId, slots, weight: share } = settings;
        const external_id = externalId === false ? null : externalId;
        return change(tenant, (platform, id) =>
          platform.update(id, defined({ name, external_id, slots, weight: share })),
        );
      },
    );
  group
    .command('suspend')
    .description('nobody is let in and nothing begins; what is under way is let go at its next step')
    .argument('<tenant>', 'its name or id')
    .option('--reason <text>', 'for the audit log')
    .action((tenant: string, { reason }: { reason?: string }) =>
      change(tenant, (platform, id) => platform.suspend(id, reason ?? null)),
    );
  group
    .command('resume')
    .description('all goes on where it stood')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) => change(tenant, (platform, id) => platform.resume(id)));
  group
    .command('delete')
    .description('suspended at once, erased after the grace: rows, files and all')
    .argument('<tenant>', 'its name or id')
    .addOption(new Option('--grace <duration>', 'until then `keep` takes it back').argParser(aDuration).default('7d'))
    .option('--yes', 'really')
    .action((tenant: string, { grace, yes }: { grace: string; yes?: boolean }) => {
      confirmed(yes, `This suspends tenant ${tenant} at once, and erases all of it after the grace, for good.`);
      return change(tenant, (platform, id) => platform.delete(id, grace));
    });
  group
    .command('keep')
    .description('takes a deletion back; the tenant stays suspended')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) => change(tenant, (platform, id) => platform.keep(id)));
}

function proving(group: Command, context: Context): void {
  group
    .command('export')
    .description('all of a tenant as JSON Lines; no secrets, and nothing that lets anybody in')
    .argument('<tenant>', 'its name or id')
    .requiredOption('--output <file>', 'which must not be there yet')
    .option('--no-files', 'without the content of files')
    .action((tenant: string, { output: path, files }: { output: string; files: boolean }) =>
      onPlatform(context, async (platform) => {
        const id = await platform.idOf(tenant);
        const file = await open(path, 'wx', 0o600);
        let lines = 0;
        try {
          for await (const piece of platform.export(id, files)) {
            await file.write(piece);
            lines += piece.split('\n').length - 1;
          }
          await file.sync();
        } finally {
          await file.close();
        }
        show(context.output(), { file: path, lines }, () => `${path}: ${lines} lines`);
      }),
    );
  group
    .command('verify-export')
    .description('whether an export is as it was written; exits with 1 when it is not')
    .argument('<file>')
    .action(async (path: string) => {
      const { verifyTenantExport } = await import('@holdfast/core');
      const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
      const verdict = await verifyTenantExport(lines);
      if (verdict.type === 'broken') throw new Failure(`${path}: line ${verdict.line}: ${verdict.problem}.`);
      show(context.output(), verdict, () => `${path} is whole: tenant ${verdict.tenant}`);
    });
  group
    .command('rests')
    .description(
      'rows that the database has of a tenant, by table; none once it is erased. Always on the database, of which it reads whole tables',
    )
    .argument('<tenant>', 'its id')
    .action((tenant: string) =>
      onDatabase(context, async (database) => {
        const { tenants: directory } = await database.api();
        const rests = await directory.rests({ tenant });
        const rows = Object.entries(rests).map(([table, count]) => [table, String(count)]);
        const output = context.output();
        if (output.json) return showJson(output, rests);
        if (rows.length === 0) return output.out(`No table has a row of ${tenant}.`);
        showRows(output, ['table', 'rows'], rows);
      }),
    );
  group
    .command('audit')
    .description("the platform's own log, newest first, after its chain was verified; exits with 1 when that is broken")
    .addOption(new Option('--limit <n>', 'at most so many').argParser(integer).default(50))
    .action(({ limit }: { limit: number }) =>
      onPlatform(context, async (platform) => {
        const { problem } = await platform.verifyAudit();
        if (problem !== null)
          throw new Failure(`The platform's audit log is broken: line ${problem.number} is ${problem.kind}.`);
        const output = context.output();
        for await (const line of platform.audit(limit)) {
          if (output.json) showJson(output, line);
          else output.out(auditRow(line).map(printable).join('\t'));
        }
      }),
    );
}

function named(text: string): string {
  const parsed = tenantName.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0]?.message ?? 'is no name'}.`);
  return parsed.data;
}

function weight(text: string): number {
  const value = integer(text);
  if (value > 1_000) throw new InvalidArgumentError('must be at most 1000.');
  return value;
}

function aDuration(text: string): string {
  if (!duration.safeParse(text).success) throw new InvalidArgumentError('must be a duration such as 7d or 12h.');
  return text;
}

const row = (tenant: TenantResource): string[] => [
  tenant.id,
  tenant.name,
  String(tenant.slots),
  String(tenant.weight),
  stateOf(tenant),
];

const auditRow = ({ number, at, operation, by, tenant, outcome, detail }: PlatformAuditLine): string[] => [
  String(number),
  at,
  operation,
  `${by.type} ${by.id}`,
  tenant ?? '',
  outcome,
  JSON.stringify(detail),
];

function stateOf({ suspended_at, delete_at, erasing_since }: TenantResource): string {
  if (erasing_since !== null) return 'is being erased';
  if (delete_at !== null) return `is erased after ${delete_at}`;
  return suspended_at === null ? 'active' : 'suspended';
}

function tell(output: Output, tenant: TenantResource): void {
  if (output.json) return showJson(output, tenant);
  showFields(output, [
    ['id', tenant.id],
    ['name', tenant.name],
    ['external id', tenant.external_id ?? ''],
    ['slots', String(tenant.slots)],
    ['weight', String(tenant.weight)],
    ['state', stateOf(tenant)],
  ]);
}
