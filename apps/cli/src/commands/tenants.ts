import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ApiStores, OpenDatabase } from '@holdfast/adapters/postgres';
import type { PlatformRequest, Tenant } from '@holdfast/core';
import { duration, parseEnv } from '@holdfast/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { onDatabase } from '../on-database.ts';
import { dollars, type Output, show, showFields, showJson, showRows } from '../output.ts';
import { confirmed, defined, integer } from './arguments.ts';

/** Whoever has the database's password is the platform. */
const who: PlatformRequest = { by: { type: 'system', id: 'cli', roles: [] }, requestId: '' };
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

interface Work {
  readonly database: OpenDatabase;
  readonly stores: ApiStores;
  /** The id of the tenant with this name or id. @throws Failure. */
  readonly idOf: (nameOrId: string) => Promise<string>;
}

/** Works on the database itself, so that it needs neither a running API nor an identity provider. */
const onTenants = <T>(context: Context, work: (on: Work) => Promise<T>): Promise<T> =>
  onDatabase(context, async (database) => {
    const stores = await database.api();
    const owner = await database.owner();
    const idOf = async (nameOrId: string): Promise<string> => {
      const found = await stores.tenants.get({ tenant: nameOrId });
      const id = found?.id ?? (await owner.tenantByName(nameOrId));
      if (id === null) throw new Failure(`There is no tenant with the id or the name ${nameOrId}.`);
      return id;
    };
    return work({ database, stores, idOf });
  });

export function tenants(program: Command, context: Context): void {
  const group = program
    .command('tenants')
    .description('the tenants of the installation, on the database itself (DATABASE_MIGRATE_URL, or DATABASE_URL)');
  reading(group, context);
  changing(group, context);
  proving(group, context);
}

function reading(group: Command, context: Context): void {
  group
    .command('list')
    .description('all of them, oldest first')
    .action(() =>
      onTenants(context, async ({ stores }) => {
        const output = context.output();
        for (let after: string | null = null; ;) {
          const page: readonly Tenant[] = await stores.tenants.list(after, 200);
          if (output.json) page.forEach((tenant) => showJson(output, resourceOf(tenant)));
          else if (page.length > 0 || after === null)
            showRows(output, ['id', 'name', 'slots', 'weight', 'state'], page.map(row));
          after = page.at(-1)?.id ?? null;
          if (page.length < 200) return;
        }
      }),
    );
  group
    .command('get')
    .description('one of them')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) =>
      onTenants(context, async ({ stores, idOf }) => {
        const found = await stores.tenants.get({ tenant: await idOf(tenant) });
        if (found !== null) tell(context.output(), found);
      }),
    );
  group
    .command('usage')
    .description('what each has used; the last 30 days when left out')
    .option('--from <time>', 'from here on, such as 2030-01-31T00:00:00Z', time)
    .option('--to <time>', 'before this time', time)
    .action(({ from, to }: { from?: number; to?: number }) =>
      onTenants(context, async ({ database, stores }) => {
        const output = context.output();
        const end = to ?? database.clock.now();
        const span = { from: from ?? end - 30 * DAY_MS, to: end, groupBy: 'none', most: 1 } as const;
        for (let after: string | null = null; ;) {
          const page: readonly Tenant[] = await stores.tenants.list(after, 200);
          const lines = [];
          for (const { id, name } of page) {
            const [sum] = await stores.directory.usage({ tenant: id }, span);
            const { runs = 0, calls = 0, tokens = 0, costUsdMicros = 0 } = sum ?? {};
            lines.push({ id, name, runs, calls, tokens, cost_usd_micros: costUsdMicros });
          }
          if (output.json) lines.forEach((line) => showJson(output, line));
          else if (page.length > 0 || after === null)
            showRows(output, ['tenant', 'runs', 'calls', 'tokens', 'cost'], lines.map(usageRow));
          after = page.at(-1)?.id ?? null;
          if (page.length < 200) return;
        }
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
  group
    .command('create')
    .description('its first admin key is shown once, on standard output')
    .argument('<name>')
    .addOption(new Option('--slots <n>', 'runs at once; TENANT_SLOTS when left out').argParser(integer))
    .addOption(new Option('--weight <n>', 'its share of admissions, 1 to 1000').argParser(weight).default(1))
    .option('--external-id <id>', 'what the OIDC issuer calls it for ever')
    .option('--no-key', 'without a first admin key: people come through the OIDC issuer')
    .action((name: string, options: { slots?: number; weight: number; externalId?: string; key: boolean }) =>
      onTenants(context, async ({ stores }) => {
        const { makeTenant } = await import('@holdfast/core');
        const slots = options.slots ?? parseEnv(context.surroundings.env).tenantSlots;
        const draft = { name, slots, weight: options.weight, externalId: options.externalId ?? null };
        const { tenant, key } = await makeTenant(stores, who, draft, options.key);
        const output = context.output();
        if (output.json) return showJson(output, { ...resourceOf(tenant), ...(key === null ? {} : { api_key: key }) });
        output.err(`Tenant ${name} (${tenant.id}).${key === null ? '' : ' Its first admin key, shown only now:'}`);
        if (key !== null) output.out(key);
      }),
    );
  group
    .command('update')
    .description('what is left out stays')
    .argument('<tenant>', 'its name or id')
    .option('--name <name>')
    .addOption(new Option('--slots <n>', 'runs at once').argParser(integer))
    .addOption(new Option('--weight <n>', 'its share of admissions, 1 to 1000').argParser(weight))
    .action((tenant: string, change: { name?: string; slots?: number; weight?: number }) =>
      onTenants(context, async ({ stores, idOf }) => {
        const { updateTenant } = await import('@holdfast/core');
        tell(context.output(), await updateTenant(stores, who, await idOf(tenant), defined(change)));
      }),
    );
  group
    .command('suspend')
    .description('nobody is let in and nothing begins; what is under way is let go at its next step')
    .argument('<tenant>', 'its name or id')
    .option('--reason <text>', 'for the audit log')
    .action((tenant: string, { reason }: { reason?: string }) =>
      onTenants(context, async ({ stores, idOf }) => {
        const { suspendTenant } = await import('@holdfast/core');
        tell(context.output(), await suspendTenant(stores, who, await idOf(tenant), reason ?? null));
      }),
    );
  group
    .command('resume')
    .description('all goes on where it stood')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) =>
      onTenants(context, async ({ stores, idOf }) => {
        const { resumeTenant } = await import('@holdfast/core');
        tell(context.output(), await resumeTenant(stores, who, await idOf(tenant)));
      }),
    );
  group
    .command('delete')
    .description('suspended at once, erased after the grace: rows, files and all')
    .argument('<tenant>', 'its name or id')
    .addOption(
      new Option('--grace <duration>', 'until then `keep` takes it back')
        .argParser(milliseconds)
        .default(WEEK_MS, '7d'),
    )
    .option('--yes', 'really')
    .action((tenant: string, { grace, yes }: { grace: number; yes?: boolean }) =>
      onTenants(context, async ({ database, stores, idOf }) => {
        confirmed(yes, `This suspends tenant ${tenant} at once, and erases all of it after the grace, for good.`);
        const { deleteTenant } = await import('@holdfast/core');
        const ports = { ...stores, clock: database.clock };
        tell(context.output(), await deleteTenant(ports, who, await idOf(tenant), grace));
      }),
    );
  group
    .command('keep')
    .description('takes a deletion back; the tenant stays suspended')
    .argument('<tenant>', 'its name or id')
    .action((tenant: string) =>
      onTenants(context, async ({ stores, idOf }) => {
        const { keepTenant } = await import('@holdfast/core');
        tell(context.output(), await keepTenant(stores, who, await idOf(tenant)));
      }),
    );
}

function proving(group: Command, context: Context): void {
  group
    .command('export')
    .description('all of a tenant as JSON Lines; no secrets, and nothing that lets anybody in')
    .argument('<tenant>', 'its name or id')
    .requiredOption('--output <file>', 'which must not be there yet')
    .option('--no-files', 'without the content of files')
    .action((tenant: string, { output: path, files }: { output: string; files: boolean }) =>
      onTenants(context, async ({ database, stores, idOf }) => {
        const { exportTenant } = await import('@holdfast/core');
        const { FileArtifactStore } = await import('@holdfast/adapters/files');
        const artifacts = new FileArtifactStore(join(parseEnv(context.surroundings.env).dataDir, 'artifacts'));
        const ports = { ...stores, artifacts, clock: database.clock };
        const file = await open(path, 'wx', 0o600);
        let lines = 0;
        try {
          for await (const line of exportTenant(ports, await idOf(tenant), { files })) {
            await file.write(`${line}\n`);
            lines += 1;
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
    .description('rows that the database has of a tenant, by table; none once it is erased. Reads whole tables')
    .argument('<tenant>', 'its id')
    .action((tenant: string) =>
      onTenants(context, async ({ stores }) => {
        const rests = await stores.tenants.rests({ tenant });
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
      onTenants(context, async ({ stores }) => {
        const { verifyPlatformAudit } = await import('@holdfast/core');
        const verdict = await verifyPlatformAudit(stores.platformAudit);
        if (verdict.type === 'broken')
          throw new Failure(`The platform's audit log is broken: line ${verdict.number} is ${verdict.problem}.`);
        const output = context.output();
        for (const { number, at, operation, line, hash } of await stores.platformAudit.list(null, limit)) {
          const time = new Date(at).toISOString();
          if (output.json)
            output.out(
              `{"number":${number},"at":"${time}","operation":"${operation}","line":${line},"hash":"${hash}"}`,
            );
          else output.out([number, time, operation, line].join('\t'));
        }
      }),
    );
}

function weight(text: string): number {
  const value = integer(text);
  if (value > 1_000) throw new InvalidArgumentError('must be at most 1000.');
  return value;
}

function milliseconds(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('must be a duration such as 7d or 12h.');
  return parsed.data;
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const resourceOf = (tenant: Tenant) => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  slots: tenant.slots,
  weight: tenant.weight,
  created_at: iso(tenant.createdAt),
  suspended_at: iso(tenant.suspendedAt),
  delete_at: iso(tenant.deleteAt),
  erasing_since: iso(tenant.erasingSince),
});

const row = (tenant: Tenant): string[] => [
  tenant.id,
  tenant.name,
  String(tenant.slots),
  String(tenant.weight),
  stateOf(tenant),
];

function stateOf({ suspendedAt, deleteAt, erasingSince }: Tenant): string {
  if (erasingSince !== null) return 'is being erased';
  if (deleteAt !== null) return `is erased after ${iso(deleteAt) ?? ''}`;
  return suspendedAt === null ? 'active' : 'suspended';
}

function tell(output: Output, tenant: Tenant): void {
  if (output.json) return showJson(output, resourceOf(tenant));
  showFields(output, [
    ['id', tenant.id],
    ['name', tenant.name],
    ['external id', tenant.externalId ?? ''],
    ['slots', String(tenant.slots)],
    ['weight', String(tenant.weight)],
    ['state', stateOf(tenant)],
  ]);
}
