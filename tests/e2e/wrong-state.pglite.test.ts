import { errorCodes, isErrorCode, type QuotaName } from '@holdfast/contracts';
import { parseKey } from '@holdfast/core';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { boss } from './support/children.ts';
import { type CountedTools, startCountedTools } from './support/counted-tools.ts';
import { documentedOperations } from './support/documented-operations.ts';
import { goodBodies } from './support/good-bodies.ts';
import { idleBulk } from './support/idle-bulk.ts';
import { type Answer, startServer, type TestServer } from './support/server.ts';

/** Tools that wait for this file answer never. */
const NEVER = '/nowhere/never';

let tools: CountedTools;
let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  tools = await startCountedTools();
  // Calls that never end are not waited for.
  server = await startServer('pglite://memory', { drainMs: 100, environment: { TOOL_SERVERS_FILE: tools.file } });
  ({ key, id: tenant } = await server.tenant('mine'));
  const effects = (allow: string, over: object = {}) => ({ mcp: 'effects', allow: [allow], ...over });
  const agents = {
    asker: [{ tool: 'ask', args: { question: 'well?' } }],
    // Its effect takes longer than anybody waits.
    slow: [{ tool: 'pay', args: { until: NEVER } }],
    lost: [{ tool: 'note', args: { until: NEVER } }],
    both: [
      { tool: 'note', args: { until: NEVER } },
      { tool: 'pay', args: { until: NEVER } },
    ],
    approved: [{ tool: 'look', args: {} }],
  };
  for (const [name, calls] of Object.entries(agents))
    await post('/v1/agents', {
      name,
      tools: [
        { builtin: 'ask' },
        effects('pay'),
        effects('note', { timeout: '2s' }),
        effects('look', { approval: {} }),
      ],
      rehearsal: [{ calls }, { say: 'done' }],
    });
  await post('/v1/agents', {
    name: 'two',
    tools: [effects('look', { approval: { by: { count: 2 } } })],
    rehearsal: [{ calls: [{ tool: 'look', args: {} }] }, { say: 'done' }],
  });
  await post('/v1/agents', { name: 'quick', rehearsal: [{ say: 'done' }] });
  await post('/v1/agents', boss('boss', ['quick', 'asker']));
});
afterAll(async () => {
  await server.close();
  await tools.stop();
});

const post = (path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(key, 'POST', path, body, headers);

const get = async (path: string) => (await server.ask(key, 'GET', path)).json;

interface Target {
  readonly path: string;
  readonly body?: unknown;
  /** Undoes what was made for it. */
  readonly after?: () => Promise<unknown>;
}

/** With no room for one more. */
const full = (quota: QuotaName, target: Target) => async (): Promise<Target> => {
  await server.limit('mine', { [quota]: 0 });
  return { ...target, after: () => server.limit('mine', { [quota]: null }) };
};

/** A run that has come so far. */
async function run(agent: string, wanted: (run: string) => Promise<boolean>, more: object = {}): Promise<string> {
  const started = await post('/v1/runs', { agent, ...more });
  const id = String(started.json['id']);
  await vi.waitUntil(() => wanted(id), { timeout: 30_000, interval: 20 });
  return id;
}

const is = (status: string) => async (id: string) => (await get(`/v1/runs/${id}`))['status'] === status;
const open = async (id: string) => (await get(`/v1/attention?run=${id}`))['items'] as { ref: string; kind: string }[];
const asks = async (id: string) => (await open(id)).length > 0;
const log = async (id: string) =>
  (await get(`/v1/runs/${id}/events?limit=1000`))['items'] as {
    type: string;
    seq: number;
    data: Record<string, unknown>;
  }[];

const asking = (more?: object) => run('asker', is('waiting'), more);
const ended = () => run('quick', is('succeeded'));
const paused = async () => {
  const id = await asking();
  await post(`/v1/runs/${id}/pause`);
  return id;
};
const cancelled = async (id: string) => {
  await post(`/v1/runs/${id}/cancel`);
  return id;
};
const gone = async () => {
  const id = await cancelled(await asking());
  await vi.waitUntil(() => is('cancelled')(id), { timeout: 10_000 });
  return id;
};
/** It waits for the answer of a begun `once` call, at most 10 s. */
const stopping = async () => {
  const before = await tools.count('pay');
  return cancelled(await run('slow', async () => (await tools.count('pay')) > before));
};
const decision = async (id: string, body: unknown): Promise<Target> => ({
  path: `/v1/runs/${id}/attention/${(await open(id))[0]?.ref ?? 'x'}`,
  body,
});
/** A fork before a call of whose result nobody knows. */
const forkOfLost = async () => {
  const source = await run('lost', asks);
  await post(`/v1/runs/${source}/pause`);
  const at = (await log(source)).find(({ type }) => type === 'model.answered')?.seq;
  const { json } = await post(`/v1/runs/${source}/fork`, { at });
  await vi.waitUntil(() => asks(String(json['id'])), { timeout: 10_000 });
  return String(json['id']);
};
/** An ended run below one that lives. */
const childOfLive = async () => {
  const parent = await run('boss', is('waiting'));
  const child = () => log(parent).then((events) => events.find(({ type }) => type === 'child.started')?.data['run']);
  await vi.waitUntil(async () => is('succeeded')(String(await child())), { timeout: 10_000 });
  return String(await child());
};
const busyThread = async () => {
  const thread = String((await post('/v1/threads')).json['id']);
  await asking({ thread });
  return thread;
};
const revoked = async () => {
  const { json } = await post('/v1/api-keys', { name: 'x', roles: ['viewer'] });
  await server.ask(key, 'DELETE', `/v1/api-keys/${String(json['id'])}`);
  return String(json['id']);
};

const nameOfOne = () => `s-${randomUUID()}`;
/** An upload whose bytes have not come. */
const empty = async () => String((await post('/v1/uploads', goodBodies['uploads.create'])).json['id']);
/** At a time that no test lives to see. */
const scheduleOf = (name: string, agent = 'quick') => ({ name, agent, cron: '0 0 29 2 *' });
const scheduled = async (agent?: string) => {
  const name = nameOfOne();
  const { json } = await post('/v1/schedules', scheduleOf(name, agent));
  return { name, path: `/v1/schedules/${String(json['id'])}` };
};

const to = (operation: string, make: () => Promise<string>, body?: unknown) => async (): Promise<Target> => ({
  path: `/v1/runs/${await make()}/${operation}`,
  body,
});
const message = { content: 'hello' };

/** What the run was, where a run refuses. */
type Row = readonly [operation: string, code: string, status: string | null, target: () => Promise<Target>];

const rows: readonly Row[] = [
  ['runs.pause', 'run_already_paused', 'paused', to('pause', paused)],
  ['runs.pause', 'run_ended', 'succeeded', to('pause', ended)],
  ['runs.pause', 'run_stopping', 'running', to('pause', stopping)],
  ['runs.resume', 'run_not_paused', 'waiting', to('resume', asking)],
  ['runs.resume', 'run_ended', 'succeeded', to('resume', ended)],
  ['runs.cancel', 'run_ended', 'succeeded', to('cancel', ended)],
  ['runs.cancel', 'run_ended', 'cancelled', to('cancel', gone)],
  ['runs.cancel', 'run_stopping', 'running', to('cancel', stopping)],
  ['runs.send-message', 'run_ended', 'succeeded', to('messages', ended, message)],
  ['runs.send-message', 'run_stopping', 'running', to('messages', stopping, message)],
  ['runs.fork', 'run_live', 'waiting', to('fork', asking, { at: 1 })],
  ['runs.fork', 'run_live', 'running', to('fork', () => run('slow', is('running')))],
  ['runs.rerun', 'run_live', 'waiting', to('rerun', asking)],
  ['attention.decide', 'run_ended', 'succeeded', async () => decision(await ended(), { decision: 'approve' })],
  [
    'attention.decide',
    'run_stopping',
    'running',
    async () => decision(await cancelled(await run('both', asks)), { decision: 'retry' }),
  ],
  [
    'attention.decide',
    'retry_too_early',
    'waiting',
    async () => decision(await run('lost', asks), { decision: 'retry' }),
  ],
  [
    'attention.decide',
    'approval_hash_mismatch',
    'waiting',
    async () => decision(await run('approved', asks), { decision: 'approve', hash: '0'.repeat(64) }),
  ],
  [
    'attention.decide',
    'approval_already_given',
    'waiting',
    async () => {
      const target = await decision(await run('two', asks), { decision: 'approve' });
      await post(target.path, target.body);
      return target;
    },
  ],
  ['attention.decide', 'nothing_to_reuse', 'waiting', async () => decision(await forkOfLost(), { decision: 'reuse' })],
  [
    'runs.start',
    'thread_busy',
    null,
    async () => {
      const thread = await busyThread();
      return { path: '/v1/runs', body: { agent: 'quick', thread, on_busy: 'reject' } };
    },
  ],
  [
    'runs.start',
    'upload_incomplete',
    null,
    async () => ({ path: '/v1/runs', body: { agent: 'quick', files: [await empty()] } }),
  ],
  ['uploads.complete', 'upload_incomplete', null, async () => ({ path: `/v1/uploads/${await empty()}/complete` })],
  ['runs.delete', 'run_live', 'waiting', async () => ({ path: `/v1/runs/${await asking()}` })],
  ['runs.delete', 'parent_live', 'waiting', async () => ({ path: `/v1/runs/${await childOfLive()}` })],
  ['threads.delete', 'thread_busy', 'waiting', async () => ({ path: `/v1/threads/${await busyThread()}` })],
  [
    'bulk.cancel',
    'bulk_ended',
    null,
    async () => {
      const path = `/v1/bulk/${await idleBulk(server, tenant)}/cancel`;
      await post(path, {});
      return { path, body: {} };
    },
  ],
  [
    'schedules.create',
    'schedule_exists',
    null,
    async () => ({ path: '/v1/schedules', body: scheduleOf((await scheduled()).name) }),
  ],
  [
    'schedules.update',
    'schedule_exists',
    null,
    async () => ({ path: (await scheduled()).path, body: scheduleOf((await scheduled()).name) }),
  ],
  [
    'schedules.trigger',
    'schedule_busy',
    null,
    async () => {
      const path = `${(await scheduled('asker')).path}/trigger`;
      expect((await post(path)).status).toBe(200);
      return { path };
    },
  ],
  ['api-keys.rotate', 'key_ended', null, async () => ({ path: `/v1/api-keys/${await revoked()}/rotate`, body: {} })],
  ['api-keys.revoke', 'last_admin_key', null, async () => ({ path: `/v1/api-keys/${parseKey(key)?.id}` })],
  ...(
    [
      ['agents.publish', 'agents', '/v1/agents'],
      ['budgets.set', 'budgets', '/v1/budgets/one-more'],
      ['api-keys.create', 'keys', '/v1/api-keys'],
      ['schedules.create', 'schedules', '/v1/schedules'],
      ['secrets.set', 'secrets', '/v1/secrets/one-more'],
      ['tools.put', 'tool_servers', '/v1/tools/one-more'],
      ['uploads.create', 'upload_megabytes', '/v1/uploads'],
      ['webhooks.create', 'webhooks', '/v1/webhooks'],
    ] as const
  ).map(
    ([operation, quota, path]) =>
      [operation, 'quota_exceeded', null, full(quota, { path, body: goodBodies[operation] })] as const,
  ),
  [
    'budgets.set',
    'budget_fixed',
    null,
    async () => {
      const path = `/v1/budgets/${nameOfOne()}`;
      await server.ask(key, 'PUT', path, goodBodies['budgets.set']);
      return { path, body: { ...Object(goodBodies['budgets.set']), period: 'hour' } };
    },
  ],
  [
    'tools.put',
    'tool_server_reserved',
    null,
    async () => ({ path: '/v1/tools/effects', body: goodBodies['tools.put'] }),
  ],
];

/** Two requests of each operation, of which either is accepted. */
const pairs: Readonly<Record<string, () => Promise<readonly [Target, Target]>>> = {
  'agents.publish': two(async () => ({ path: '/v1/agents', body: { name: `a${randomUUID().slice(0, 8)}` } })),
  'runs.start': two(async () => ({ path: '/v1/runs', body: { agent: 'quick', input: randomUUID() } })),
  'runs.send-message': two(to('messages', asking, message)),
  'runs.pause': two(to('pause', asking)),
  'runs.resume': two(to('resume', paused)),
  'runs.cancel': two(to('cancel', asking)),
  'runs.fork': two(to('fork', ended, { at: 1 })),
  'runs.rerun': two(to('rerun', ended)),
  'bulk.start': two(async () => ({ path: '/v1/bulk', body: { operation: 'pause', filter: { tag: randomUUID() } } })),
  'bulk.cancel': two(async () => ({ path: `/v1/bulk/${await idleBulk(server, tenant)}/cancel`, body: {} })),
  'schedules.create': two(async () => ({ path: '/v1/schedules', body: scheduleOf(nameOfOne()) })),
  'schedules.pause': two(async () => ({ path: `${(await scheduled()).path}/pause`, body: {} })),
  'schedules.resume': two(async () => ({ path: `${(await scheduled()).path}/resume`, body: {} })),
  'schedules.trigger': two(async () => ({ path: `${(await scheduled()).path}/trigger`, body: {} })),
  'webhooks.replay': async () => {
    const { items } = (await server.ask(key, 'GET', '/v1/webhooks?limit=1')).json as { items: { id: string }[] };
    const { id } = items[0] ?? (await post('/v1/webhooks', goodBodies['webhooks.create'])).json;
    const path = `/v1/webhooks/${String(id)}/replay`;
    return [
      { path, body: { since: '2099-01-01T00:00:00Z' } },
      { path, body: { since: '2099-01-02T00:00:00Z' } },
    ];
  },
  'threads.create': two(async () => ({ path: '/v1/threads', body: { metadata: { a: randomUUID() } } })),
  'attention.decide': two(async () => decision(await asking(), { decision: 'answer', answer: 'x' })),
};

function two(one: () => Promise<Target>) {
  return async () => [await one(), await one()] as const;
}

/** Met only by who comes between a look at the run and the append, which is too quick for a test from outside. */
const races = [
  'approval_not_open',
  'question_not_open',
  'effect_not_unknown',
  'call_not_open',
  'duplicate_not_open',
].map((code) => `attention.decide ${code}`);

/** A key cannot meet it: it is an admin itself. The tests of members meet it. */
const forPeople = ['members.update last_admin'];

/** Those of operations above all tenants: the tests of tenants over HTTP meet them. */
const ofPlatform = [
  'tenants.create tenant_exists',
  'tenants.update tenant_exists',
  'tenants.resume tenant_deleting',
  'tenants.delete tenant_erasing',
  'tenants.keep tenant_erasing',
];

const conflicts = documentedOperations.flatMap(({ id, codes }) =>
  codes.filter((code) => isErrorCode(code) && errorCodes[code].status === 409).map((code) => `${id} ${code}`),
);

test('each conflict that the document names is met here, or is known as a race', () => {
  const met = [
    ...rows.map(([operation, code]) => `${operation} ${code}`),
    ...Object.keys(pairs).flatMap((id) => [`${id} idempotency_mismatch`, `${id} idempotency_in_flight`]),
    ...races,
    ...forPeople,
    ...ofPlatform,
  ];
  expect([...new Set(met)].toSorted()).toEqual(conflicts.toSorted());
});

describe('409 with the state', () => {
  test.each(rows)('%s: %s (%s)', async (operation, code, status, make) => {
    const { path, body, after } = await make();
    const answer = await ask(operation, path, body);
    await after?.();
    expect(answer).toMatchObject({ status: 409, type: 'application/problem+json', json: { code } });
    expect(answer.json['run_status']).toBe(status ?? undefined);
    if (code === 'thread_busy' || code === 'schedule_busy')
      expect(answer.json).toMatchObject({ active_run: expect.any(String) as unknown });
  });
});

describe('an Idempotency-Key that was used for another request', () => {
  test.each(Object.keys(pairs))('%s', async (operation) => {
    const [first, other] = await (pairs[operation] ?? two(() => Promise.reject(new Error(operation))))();
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await ask(operation, first.path, first.body, headers);
    expect(answer.status).toBeLessThan(300);
    const again = await ask(operation, first.path, first.body, headers);
    expect([again.status, again.text]).toEqual([answer.status, answer.text]);
    const refused = await ask(operation, other.path, other.body, headers);
    expect(refused).toMatchObject({ status: 409, json: { code: 'idempotency_mismatch' } });
    // Nothing was done: the same request under its own key is.
    expect((await ask(operation, other.path, other.body, { 'idempotency-key': randomUUID() })).status).toBeLessThan(
      300,
    );
  });
});

test('what was decided is decided: a second answer finds nothing open', async () => {
  const { path, body } = await decision(await asking(), { decision: 'answer', answer: 'x' });
  expect((await post(path, body)).status).toBe(200);
  const again = await post(path, body);
  expect([404, 409]).toContain(again.status);
  expect(['attention_not_found', 'run_ended']).toContain(again.json['code']);
});

function ask(operation: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
  const method = documentedOperations.find(({ id }) => id === operation)?.method ?? '';
  return server.ask(key, method, path, body, headers);
}
