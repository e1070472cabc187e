import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AuditLog } from '../audit/audit-log.ts';
import type { BudgetStore } from '../budgets/budget-store.ts';
import type { Clock } from '../clock.ts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import type { RunStore } from '../log/run-store.ts';
import type { ScheduleRows } from '../schedules/schedule-rows.ts';
import type { SecretRows } from '../secrets/secret-rows.ts';
import type { RunRef, TenantScope } from '../tenant-scope.ts';
import type { MemberRows } from '../identity/member-rows.ts';
import type { AgentStore } from '../use-cases/agent-store.ts';
import type { KeyStore } from '../use-cases/key-store.ts';
import type { RetentionStore } from '../use-cases/retention-store.ts';
import type { RunDirectory } from '../use-cases/run-directory.ts';
import type { ThreadStore } from '../use-cases/thread-store.ts';
import { wireText } from '../use-cases/wire-event.ts';
import type { ToolServerStore } from '../executor/tool-server-store.ts';
import type { WebhookStore } from '../webhooks/webhook-store.ts';
import { noTenant } from './change-tenant.ts';
import type { TenantDirectory } from './tenant-store.ts';

export interface ExportPorts {
  readonly tenants: Pick<TenantDirectory, 'get'>;
  readonly members: Pick<MemberRows, 'list'>;
  readonly retention: Pick<RetentionStore, 'get'>;
  readonly agents: AgentStore;
  readonly toolServers: Pick<ToolServerStore, 'list'>;
  readonly threads: Pick<ThreadStore, 'list'>;
  readonly schedules: Pick<ScheduleRows, 'list'>;
  readonly webhooks: Pick<WebhookStore, 'list'>;
  readonly budgets: Pick<BudgetStore, 'list'>;
  readonly secrets: Pick<SecretRows, 'list'>;
  readonly keys: Pick<KeyStore, 'list'>;
  readonly directory: Pick<RunDirectory, 'list' | 'usage' | 'artifacts'>;
  readonly runs: Pick<RunStore, 'eventsAfter'>;
  readonly audit: Pick<AuditLog, 'chain' | 'checkpoint' | 'days' | 'head'>;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
  readonly clock: Clock;
}

/** Of the format of the lines: a reader of another one refuses. */
export const EXPORT_FORMAT = 1;
const PAGE = 100;

/**
 * What a tenant has here as JSON Lines, but for what passes (deliveries of webhooks, bulk operations, replies to
 * idempotent requests) and numbers that the platform has set for it; one text for each line, without its end: page by page, so that memory does not grow with
 * the tenant. The last line holds how many lines of each type there were, and the SHA-256 of all lines before it, each with
 * its line feed: that shows damage, not forgery. Nothing that lets anybody in is among them. It is no snapshot: suspend the tenant first to have one.
 * @throws HoldfastError `tenant_not_found`.
 */
export async function* exportTenant(
  ports: ExportPorts,
  tenant: string,
  { files }: { readonly files: boolean },
): AsyncGenerator<string, void, undefined> {
  const hash = sha256.create();
  const counts: Record<string, number> = {};
  for await (const [type, line] of linesOf(ports, { tenant }, files)) {
    counts[type] = (counts[type] ?? 0) + 1;
    hash.update(utf8ToBytes(`${line}\n`));
    yield line;
  }
  yield JSON.stringify({ type: 'end', lines: counts, sha256: bytesToHex(hash.digest()) });
}

type Line = readonly [type: string, text: string];
type Lines = AsyncGenerator<Line, void, undefined>;

const line = (type: string, facts: object): Line => [type, JSON.stringify({ type, ...facts })];

async function* linesOf(ports: ExportPorts, scope: TenantScope, files: boolean): Lines {
  const tenant = await ports.tenants.get(scope);
  if (tenant === null) throw noTenant(scope.tenant);
  const now = ports.clock.now();
  yield line('export', { format: EXPORT_FORMAT, at: now, files, tenant });
  const [kept, auditKept] = [await ports.retention.get(scope), await ports.audit.days(scope)];
  yield line('settings', { retention_days: kept, audit_retention_days: auditKept });
  yield* paged(
    'member',
    (after) => ports.members.list(scope, after, PAGE),
    ({ id }) => id,
  );
  yield* agents(ports, scope);
  yield* paged(
    'tool-server',
    (after) => ports.toolServers.list(scope, after, PAGE),
    ({ name }) => name,
  );
  yield* paged(
    'thread',
    (before) => ports.threads.list(scope, before, PAGE),
    ({ id }) => id,
  );
  yield* paged(
    'schedule',
    (after) => ports.schedules.list(scope, after, PAGE),
    ({ spec }) => spec.name,
  );
  yield* paged(
    'webhook',
    (after) => ports.webhooks.list(scope, after, PAGE),
    ({ id }) => id,
  );
  yield* paged(
    'budget',
    (after) => ports.budgets.list(scope, after, PAGE),
    ({ name }) => name,
  );
  yield* paged(
    'secret-name',
    (after) => ports.secrets.list(scope, after, PAGE),
    ({ name }) => name,
  );
  yield* paged(
    'api-key',
    async (after) =>
      (await ports.keys.list(scope, after, PAGE)).map(
        ({ secretHash: _secret, previousHash: _previous, ...key }) => key,
      ),
    ({ id }) => id,
  );
  yield* runs(ports, scope, files);
  for (const groupBy of ['agent', 'model', 'person', 'day'] as const)
    for (const group of await ports.directory.usage(scope, { from: 0, to: now + 1, groupBy, most: 1_000_000 }))
      yield line('usage', { by: groupBy, ...group });
  yield* audit(ports, scope);
}

/** Page by page. `key`: of the last one, with which the next page is asked for. */
async function* paged<T extends object>(
  type: string,
  page: (after: string | null) => Promise<readonly T[]>,
  key: (item: T) => string,
): Lines {
  for (let after: string | null = null; ;) {
    const items: readonly T[] = await page(after);
    for (const item of items) yield line(type, item);
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE) return;
    after = key(last);
  }
}

async function* agents({ agents: store }: ExportPorts, scope: TenantScope): Lines {
  for (let after: string | null = null; ;) {
    const page = await store.list(scope, after, PAGE);
    for (const agent of page) {
      yield line('agent', agent);
      for (let number = 1; number <= agent.latest; number += 1) {
        const found = await store.version(scope, agent.name, number);
        if (found !== null) yield line('version', { agent: agent.name, number, spec: found.spec });
      }
    }
    after = page.at(-1)?.name ?? null;
    if (page.length < PAGE) return;
  }
}

async function* runs(ports: ExportPorts, scope: TenantScope, files: boolean): Lines {
  for (let before: string | null = null; ;) {
    const page = await ports.directory.list(scope, {}, before, PAGE);
    for (const run of page) {
      const ref = { ...scope, run: run.run };
      yield line('run', run);
      // Those of events have no size in their rows; no event is as large as files may be.
      const digests = new Map<string, number>();
      for (let after = 0; ;) {
        const events = await ports.runs.eventsAfter(ref, after, PAGE);
        for (const event of events) {
          const large = /^\{"payload_ref":\{"digest":"([0-9a-f]{64})"/.exec(event.payload)?.[1];
          if (large !== undefined) digests.set(large, 0);
          yield ['event', `{"type":"event","event":${wireText(run.run, event)}}`];
        }
        after = events.at(-1)?.seq ?? after;
        if (events.length < PAGE) break;
      }
      for (const artifact of await ports.directory.artifacts(ref)) {
        digests.set(artifact.digest, artifact.size);
        yield line('artifact', { run_id: run.run, ...artifact });
      }
      if (files) yield* filesOf(ports, ref, digests);
    }
    before = page.at(-1)?.run ?? null;
    if (page.length < PAGE) return;
  }
}

/** A line is one text in memory, for whoever reads it, too; on its way out a file takes several times its size. */
const LARGEST_FILE = 32 * 1024 * 1024;

/** One in memory at a time. One that is gone is told as such, as is one that fits into no line. */
async function* filesOf({ artifacts }: ExportPorts, ref: RunRef, digests: ReadonlyMap<string, number>): Lines {
  for (const [digest, size] of digests) {
    if (size > LARGEST_FILE) {
      yield line('file', { run_id: ref.run, digest, base64: null, left_out: 'too large' });
      continue;
    }
    const bytes = await artifacts.get(ref, digest);
    const base64 = bytes === null ? null : Buffer.from(bytes).toString('base64');
    yield line('file', { run_id: ref.run, digest, base64 });
  }
}

async function* audit({ audit: log }: ExportPorts, scope: TenantScope): Lines {
  const checkpoint = await log.checkpoint(scope);
  if (checkpoint !== null) yield line('audit-checkpoint', checkpoint);
  yield line('audit-head', await log.head(scope));
  for (let after = 0; ;) {
    const rows = await log.chain(scope, after, PAGE);
    for (const row of rows) yield line('audit', row);
    after = rows.at(-1)?.number ?? after;
    if (rows.length < PAGE) return;
  }
}
