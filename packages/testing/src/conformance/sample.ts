import { randomUUID } from 'node:crypto';
import {
  type Append,
  type AppendOutcome,
  type AttentionRow,
  type NewRun,
  plainRun,
  type Projection,
  type RunRef,
  type StoredEvent,
  type TenantScope,
  type VersionDraft,
  type WebhookDelivery,
} from '@holdfast/core';
import type { Stores } from './stores.ts';

/** Rows that suites need before they can begin. */

export async function newTenant(stores: Stores, slots = 100): Promise<TenantScope> {
  const tenant = randomUUID();
  const key = { id: randomUUID(), name: 'first', roles: ['admin' as const], secretHash: 'aa', expiresAt: null };
  await stores.installation.createTenant({ id: tenant, name: `tenant ${tenant}`, slots }, key);
  return { tenant };
}

export const draftOf = (agent: string): VersionDraft => ({
  id: randomUUID(),
  agent,
  description: '',
  instructions: 'Read.',
  model: { name: 'default', temperature: null, max_output_tokens: 100, prices: null, fallbacks: [] },
  tools: [],
  limits: { steps: 10, tokens: 1_000, cost_usd_micros: null, active_ms: 1_000, deadline_ms: 1_000 },
  retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 1 },
  context: { max_tokens: 1_000, keep: 'last-turns', then: 'drop' },
  output: null,
  concurrency: null,
  rehearsal: null,
});

/** A queued run of `agent`, due at once. */
export async function newRun(stores: Stores, scope: TenantScope, with_: Partial<NewRun> = {}): Promise<RunRef> {
  const run = await runToCreate(stores, scope, with_);
  await stores.api.directory.create(run);
  return { tenant: scope.tenant, run: run.run };
}

/** The same, not created yet; its version is. */
export async function runToCreate(stores: Stores, scope: TenantScope, with_: Partial<NewRun> = {}): Promise<NewRun> {
  const agent = with_.agent ?? 'librarian';
  const { version } = await stores.api.agents.publish(scope, draftOf(agent), {}, agent);
  const at = stores.clock.now();
  const run = with_.run ?? randomUUID();
  return {
    tenant: scope.tenant,
    run,
    agent,
    versionId: version.id,
    version: version.number,
    attributes: plainRun,
    metadata: {},
    event: eventAt(1, { type: 'run.created', at }),
    projection: projectionOf({ status: 'queued', dueAt: at }),
    ...with_,
  };
}

export const eventAt = (seq: number, with_: Partial<StoredEvent> = {}): StoredEvent => ({
  seq,
  type: 'message.received',
  format: 1,
  at: 1_700_000_000_000 + seq,
  call: null,
  model: null,
  tokens: null,
  costUsdMicros: null,
  appendId: null,
  payload: '{}',
  ...with_,
});

export const projectionOf = (with_: Partial<Projection> = {}): Projection => ({
  status: 'running',
  waitingFor: [],
  dueAt: null,
  attention: { opened: [], closed: [] },
  artifacts: [],
  outbox: [],
  limits: null,
  passesOn: false,
  ...with_,
});

/** An append of `count` events after `expected`, as the API would send it. */
export function appendTo(ref: RunRef, expected: number, with_: Partial<Append> = {}, count = 1): Append {
  return {
    tenant: ref.tenant,
    run: ref.run,
    id: randomUUID(),
    expected,
    events: Array.from({ length: count }, (_, index) => eventAt(expected + 1 + index)),
    projection: projectionOf(),
    children: [],
    worker: null,
    take: null,
    release: false,
    ...with_,
  };
}

export async function newThread(stores: Stores, scope: TenantScope): Promise<string> {
  const id = randomUUID();
  await stores.api.threads.create(scope, { id, metadata: {}, activeRun: null, lastRun: null, createdAt: 1 });
  return id;
}

/** Grows with the index, as UUIDv7 do with time. */
export const idAt = (index: number): string =>
  `0198${String(index).padStart(4, '0')}-0000-7000-8000-${randomUUID().slice(24)}`;

/** A UUIDv7 of that time, in ms since 1970. */
export function runIdAt(at: number): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${randomUUID().slice(24)}`;
}

export const questionAt = (ref: string, with_: Partial<AttentionRow> = {}): AttentionRow => ({
  ref,
  kind: 'question',
  call: '3.0',
  role: 'operator',
  since: 1_700_000_000_000,
  until: null,
  detail: '{"question":"why\\u0000?"}',
  ...with_,
});

/** The run as held by `worker`, with `run.claimed` as its second event. */
export async function claim(stores: Stores, ref: RunRef, worker: string, expected = 1): Promise<AppendOutcome> {
  const { runs } = await stores.worker(worker);
  return runs.append(appendTo(ref, expected, { worker, take: { type: 'claim' } }));
}

/** Of a test message; its id grows with the index. */
export const deliveryAt = (index: number, with_: Partial<WebhookDelivery> = {}): WebhookDelivery => ({
  id: idAt(index),
  run: null,
  seq: null,
  type: 'webhook.test',
  message: `msg_${index}`,
  trigger: 'test',
  state: 'delivered',
  attempt: 1,
  at: 1_700_000_000_000 + index,
  ms: 5,
  status: 204,
  error: null,
  response: '',
  retryAt: null,
  ...with_,
});
