import { createHash } from 'node:crypto';
import { routes } from '@holdfast/api';
import { auditPage, type AuditLine } from '@holdfast/contracts';
import { hashOf, type Operation, verifyExport, verifyStored } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idleBulk } from './support/idle-bulk.ts';
import { newMember } from './support/new-member.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ id: tenant, key } = await server.tenant('mine'));
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] };
  await server.ask(key, 'POST', '/v1/agents', scribe('asker', 1, asks));
});
afterAll(() => server.close());

const page = async (query: string): Promise<AuditLine[]> =>
  auditPage.parse((await server.ask(key, 'GET', `/v1/audit${query}`)).json).items;

/** But for those that reading them leaves. */
const lines = async (query = '?limit=200'): Promise<AuditLine[]> =>
  (await page(query)).filter(({ operation }) => operation !== 'audit.list');

/** Changes that leave no line, and why. */
const unaudited: Partial<Record<Operation, string>> = {
  'runs.start': 'the log of the run has it',
  'runs.send-message': 'the log of the run has it',
  'runs.fork': 'the log of the fork has it',
  'runs.rerun': 'the log of the fork has it',
  'uploads.send': 'its completion has it',
  'threads.create': 'it says nothing before its first run',
};

/** What is above all tenants has a log of its own, in which logins are, too. */
const inTenants = routes.filter((route) => route.within === 'tenant');
const changing = inTenants.filter(({ method, tag }) => method !== 'GET' && tag !== 'Login');

test('every route that changes something is audited, or is known not to be', () => {
  for (const { audit, operation, url } of changing)
    expect([url, audit !== undefined]).toEqual([url, operation === null || unaudited[operation] === undefined]);
});

/** Reads that leave a line. */
const watched: Operation[] = [
  'api-keys.get',
  'api-keys.list',
  'artifacts.get',
  'artifacts.link',
  'audit.export',
  'audit.list',
  'members.get',
  'members.list',
  'secrets.list',
];

test('these reads are watched, and no others', () => {
  const found = inTenants.filter(({ method, audit }) => method === 'GET' && audit !== undefined);
  expect(new Set(found.map(({ operation }) => operation))).toEqual(new Set(watched));
});

const mail = {
  type: 'request',
  description: 'Sends a mail.',
  method: 'POST',
  url: 'https://mail.test/send?key=private',
  headers: { 'x-key': 'private' },
  input_schema: { type: 'object' },
};

/** Nobody is there. */
const webhook = async (events: string[] = ['ends']): Promise<{ id: string }> => {
  const { json } = await server.ask(key, 'POST', '/v1/webhooks', { url: 'https://receiver.test/', events });
  return { id: String(json['id']) };
};

const webhookOperation = async (operation: string, detail: unknown): Promise<{ target: string; detail: unknown }> => {
  const target = `/v1/webhooks/${(await webhook()).id}/${operation}`;
  await made('POST', target, {});
  return { target, detail };
};

/** One change for each audited operation: its requests, the last of which is the one; and what the line says. */
const changes: Partial<Record<Operation, () => Promise<{ target: string; detail: unknown }>>> = {
  'agents.publish': async () => {
    await made('POST', '/v1/agents', scribe('another', 1));
    return { target: '/v1/agents/another/versions/1', detail: {} };
  },
  'agents.set-alias': async () => {
    await made('PUT', '/v1/agents/asker/aliases/prod', { version: 1 });
    return { target: '/v1/agents/asker/aliases/prod', detail: { targets: [{ version: 1, weight: 1 }] } };
  },
  'agents.delete-alias': async () => {
    await made('PUT', '/v1/agents/asker/aliases/gone', { version: 1 });
    await made('DELETE', '/v1/agents/asker/aliases/gone');
    return { target: '/v1/agents/asker/aliases/gone', detail: {} };
  },
  'runs.pause': async () => {
    const run = await asking();
    await made('POST', `/v1/runs/${run}/pause`, { reason: 'private' });
    return { target: `/v1/runs/${run}/pause`, detail: {} };
  },
  'runs.resume': async () => {
    const run = await asking();
    await made('POST', `/v1/runs/${run}/pause`);
    await made('POST', `/v1/runs/${run}/resume`);
    return { target: `/v1/runs/${run}/resume`, detail: {} };
  },
  'runs.cancel': async () => {
    const run = await asking();
    await made('POST', `/v1/runs/${run}/cancel`);
    return { target: `/v1/runs/${run}/cancel`, detail: {} };
  },
  'uploads.create': async () => {
    const { path, digest } = await uploaded('private.txt');
    return { target: path, detail: { size: 1, digest } };
  },
  'uploads.complete': async () => {
    const { path } = await uploaded('private.txt');
    await made('PUT', `${path}/content`, new TextEncoder().encode('x'));
    await made('POST', `${path}/complete`);
    return { target: `${path}/complete`, detail: {} };
  },
  'bulk.start': async () => {
    const filter = { tag: 'none', created_before: '2020-01-01T00:00:00Z' };
    const { json } = await server.ask(key, 'POST', '/v1/bulk', { operation: 'cancel', filter, reason: 'private' });
    return { target: `/v1/bulk/${String(json['id'])}`, detail: { operation: 'cancel', filter } };
  },
  'bulk.cancel': async () => {
    const bulk = await idleBulk(server, tenant);
    await made('POST', `/v1/bulk/${bulk}/cancel`);
    return { target: `/v1/bulk/${bulk}/cancel`, detail: {} };
  },
  'schedules.create': async () => {
    const { json } = await server.ask(key, 'POST', '/v1/schedules', scheduleOf('made'));
    return { target: `/v1/schedules/${String(json['id'])}`, detail: { name: 'made', agent: 'asker', overlap: 'skip' } };
  },
  'schedules.update': async () => {
    const path = await scheduled('changed');
    await made('PUT', path, { ...scheduleOf('changed'), cron: '0 0 1 1 *' });
    return { target: path, detail: { cron: '0 0 1 1 *' } };
  },
  'schedules.pause': async () => {
    const path = await scheduled('paused');
    await made('POST', `${path}/pause`, { reason: 'a break' });
    return { target: `${path}/pause`, detail: { reason: 'a break' } };
  },
  'schedules.resume': async () => {
    const path = await scheduled('resumed');
    await made('POST', `${path}/pause`, {});
    await made('POST', `${path}/resume`, {});
    return { target: `${path}/resume`, detail: {} };
  },
  'schedules.trigger': async () => {
    const path = await scheduled('triggered');
    await made('POST', `${path}/trigger`, {});
    return { target: `${path}/trigger`, detail: { force: false, run: expect.any(String) } };
  },
  'schedules.delete': async () => {
    const path = await scheduled('deleted');
    await made('DELETE', path);
    return { target: path, detail: { name: 'deleted' } };
  },
  'budgets.set': async () => {
    await made('PUT', '/v1/budgets/daily', { period: 'day', tokens: 1_000_000_000 });
    return { target: '/v1/budgets/daily', detail: { agent: null, period: 'day', tokens: 1_000_000_000 } };
  },
  'budgets.delete': async () => {
    await made('PUT', '/v1/budgets/short', { period: 'day', tokens: 1_000_000_000 });
    await made('DELETE', '/v1/budgets/short');
    return { target: '/v1/budgets/short', detail: {} };
  },
  'runs.delete': async () => {
    const run = await asking();
    await made('POST', `/v1/runs/${run}/cancel`);
    await becomes(run, 'cancelled');
    await made('DELETE', `/v1/runs/${run}`);
    return { target: `/v1/runs/${run}`, detail: { deleted: 1 } };
  },
  'threads.delete': async () => {
    const { id } = (await server.ask(key, 'POST', '/v1/threads', { metadata: { a: 'private' } })).json;
    await made('DELETE', `/v1/threads/${String(id)}`);
    return { target: `/v1/threads/${String(id)}`, detail: { deleted: 0 } };
  },
  'retention.set': async () => {
    await made('PUT', '/v1/retention', { days: 3_650 });
    return { target: '/v1/retention', detail: { days: 3_650 } };
  },
  'audit.verify': async () => {
    await made('POST', '/v1/audit/verify');
    return { target: '/v1/audit/verify', detail: { state: 'whole', problem: null } };
  },
  'audit.set-retention': async () => {
    await made('PUT', '/v1/audit/retention', { days: 365 });
    return { target: '/v1/audit/retention', detail: { days: 365 } };
  },
  'attention.decide': async () => {
    const run = await asking();
    const [open] = (await server.ask(key, 'GET', `/v1/attention?run=${run}`)).json['items'] as { ref: string }[];
    const target = `/v1/runs/${run}/attention/${open?.ref ?? ''}`;
    await made('POST', target, { decision: 'answer', answer: 'private' });
    return { target, detail: { decision: 'answer' } };
  },
  'tools.put': async () => {
    await made('PUT', '/v1/tools/mail', mail);
    return { target: '/v1/tools/mail', detail: { type: 'request', url: 'https://mail.test/send' } };
  },
  'tools.delete': async () => {
    await made('PUT', '/v1/tools/gone', mail);
    await made('DELETE', '/v1/tools/gone');
    return { target: '/v1/tools/gone', detail: {} };
  },
  'webhooks.create': async () => {
    const { json } = await server.ask(key, 'POST', '/v1/webhooks', { url: 'https://receiver.test/?key=private' });
    const detail = { origin: 'https://receiver.test', events: ['ends', 'attention'], agent: null };
    return { target: `/v1/webhooks/${String(json['id'])}`, detail };
  },
  'webhooks.update': async () => {
    const { id } = await webhook();
    await made('PUT', `/v1/webhooks/${id}`, { url: 'https://other.test/private', events: ['all'], agent: 'asker' });
    return {
      target: `/v1/webhooks/${id}`,
      detail: { origin: 'https://other.test', events: ['all'], agent: 'asker' },
    };
  },
  'webhooks.delete': async () => {
    const { id } = await webhook();
    await made('DELETE', `/v1/webhooks/${id}`);
    return { target: `/v1/webhooks/${id}`, detail: {} };
  },
  'webhooks.enable': async () => webhookOperation('enable', {}),
  'webhooks.disable': async () => webhookOperation('disable', {}),
  'webhooks.rotate': async () => webhookOperation('rotate', {}),
  'webhooks.test': async () => webhookOperation('test', { state: 'failed' }),
  'webhooks.replay': async () => {
    const { id } = await webhook();
    const since = '2026-01-01T00:00:00Z';
    await made('POST', `/v1/webhooks/${id}/replay`, { since });
    return { target: `/v1/webhooks/${id}/replay`, detail: { run: null, since, runs: 0 } };
  },
  'webhooks.replay-delivery': async () => {
    const { id } = await webhook(['run.created']);
    const run = await asking();
    const first = async () =>
      ((await server.ask(key, 'GET', `/v1/webhooks/${id}/deliveries`)).json['items'] as { id: string }[])[0];
    await expect.poll(first, { timeout: 20_000 }).toBeDefined();
    const target = `/v1/webhooks/${id}/deliveries/${(await first())?.id}/replay`;
    await made('POST', target);
    return { target, detail: { run, seq: 1, state: 'failed' } };
  },
  'secrets.set': async () => {
    await made('PUT', '/v1/secrets/token', { value: 'private' });
    return { target: '/v1/secrets/token', detail: { version: 1 } };
  },
  'secrets.delete': async () => {
    await made('PUT', '/v1/secrets/gone', { value: 'private' });
    await made('DELETE', '/v1/secrets/gone');
    return { target: '/v1/secrets/gone', detail: {} };
  },
  'members.update': async () => {
    const target = `/v1/members/${await newMember(server, tenant)}`;
    await made('PUT', target, { roles: ['operator'], disabled: false });
    return { target, detail: { roles: ['operator'], disabled: false } };
  },
  'api-keys.create': async () => {
    const { id } = await newKey();
    return { target: `/v1/api-keys/${id}`, detail: { name: 'made', roles: ['viewer'] } };
  },
  'api-keys.rotate': async () => {
    const { id } = await newKey();
    await made('POST', `/v1/api-keys/${id}/rotate`, {});
    return { target: `/v1/api-keys/${id}`, detail: { name: 'made', previous_until: expect.any(String) } };
  },
  'api-keys.revoke': async () => {
    const { id } = await newKey();
    await made('DELETE', `/v1/api-keys/${id}`);
    return { target: `/v1/api-keys/${id}`, detail: {} };
  },
};

const scheduleOf = (name: string) => ({ name, agent: 'asker', cron: '0 0 29 2 *', input: 'private' });

async function scheduled(name: string): Promise<string> {
  const { json } = await server.ask(key, 'POST', '/v1/schedules', scheduleOf(name));
  return `/v1/schedules/${String(json['id'])}`;
}

async function uploaded(name: string): Promise<{ path: string; digest: string }> {
  const digest = createHash('sha256').update('x').digest('hex');
  const { json } = await server.ask(key, 'POST', '/v1/uploads', { name, size: 1, digest });
  return { path: `/v1/uploads/${String(json['id'])}`, digest };
}

const keyTexts: string[] = [];

async function newKey(): Promise<{ id: string }> {
  const { json } = await server.ask(key, 'POST', '/v1/api-keys', { name: 'made', roles: ['viewer'] });
  keyTexts.push(String(json['key']));
  return { id: String(json['id']) };
}

describe('a change leaves one line', () => {
  const audited = changing.flatMap(({ audit, operation }) => (audit === undefined ? [] : [operation]));
  test.each(audited)('%s', async (operation) => {
    const change = operation === null ? undefined : changes[operation];
    if (change === undefined) throw new Error('this test makes no such change');
    const before = await lines(`?operation=${operation}`);
    const { target, detail } = await change();
    const after = await lines(`?operation=${operation}`);
    expect(after.slice(1)).toEqual(before);
    expect(after[0]).toMatchObject({ operation, target, detail, by: { type: 'api-key' } });
    expect(JSON.stringify(after)).not.toContain('private');
    for (const text of keyTexts) expect(JSON.stringify(after)).not.toContain(text.slice(-64));
  });
});

describe('no line', () => {
  test('when the same agent is published again', async () => {
    const count = (await lines()).length;
    const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] };
    expect((await server.ask(key, 'POST', '/v1/agents', scribe('asker', 1, asks))).status).toBe(200);
    expect(await lines()).toHaveLength(count);
  });

  test('when the change is refused', async () => {
    const count = (await lines()).length;
    expect((await server.ask(key, 'PUT', '/v1/agents/asker/aliases/prod', { version: 9 })).status).toBe(404);
    const run = await asking();
    expect((await server.ask(key, 'POST', `/v1/runs/${run}/resume`)).status).toBe(409);
    expect(await lines()).toHaveLength(count);
  });

  test('for a repetition', async () => {
    const run = await asking();
    const count = (await lines('?limit=200')).length;
    const cancel = () =>
      server.ask(key, 'POST', `/v1/runs/${run}/cancel`, undefined, { 'idempotency-key': `cancel ${run}`.slice(7) });
    const [first, again] = [await cancel(), await cancel()];
    expect([first.status, again.status, again.text]).toEqual([202, 202, first.text]);
    expect(await lines('?limit=200')).toHaveLength(count + 1);
  });
});

test('the request id of a line is that of the answer; the roles are those of the moment', async () => {
  const answer = await server.ask(key, 'PUT', '/v1/secrets/traced', { value: 'private' }, { 'x-request-id': 'mine-1' });
  const id = answer.headers.get('x-request-id');
  // Nobody gives their requests ids but the edge.
  expect(id).not.toBe('mine-1');
  expect((await lines())[0]).toMatchObject({ request_id: id, by: { roles: expect.arrayContaining(['admin']) } });
});

test('a line has the hashes of what its resource was and is, and they follow on each other', async () => {
  await made('PUT', '/v1/agents/asker/aliases/hashed', { version: 1 });
  const alias = (await server.ask(key, 'GET', '/v1/agents/asker/aliases/hashed')).json;
  await made('DELETE', '/v1/agents/asker/aliases/hashed');
  const [gone, set] = await lines('?target=/v1/agents/asker/aliases/hashed');
  expect([set?.before, set?.after]).toEqual([null, hashOf(alias)]);
  expect([gone?.before, gone?.after]).toEqual([hashOf(alias), null]);
});

test.each([
  ['/v1/webhooks', () => webhook(), 'webhooks.create'],
  ['/v1/api-keys', () => newKey(), 'api-keys.create'],
] as const)('what is made is hashed as GET %s shows it, without its secret', async (path, make, operation) => {
  const { id } = await make();
  const shown = (await server.ask(key, 'GET', `${path}/${id}`)).json;
  expect((await lines(`?operation=${operation}`))[0]).toMatchObject({ before: null, after: hashOf(shown) });
});

test('each changing route has hashes, or there is nothing to hash', async () => {
  const newest = new Map((await lines()).toReversed().map((line) => [line.operation, line]));
  const without = [...newest.values()].filter(({ before, after }) => before === null && after === null);
  const changed = without.filter(({ operation }) => changing.some((route) => route.operation === operation));
  // It changes nothing but the log itself.
  expect(changed.map(({ operation }) => operation)).toEqual(['audit.verify']);
  expect(newest.size).toBeGreaterThan(25);
});

test('a line says from where it came and with what', async () => {
  await made('PUT', '/v1/secrets/placed', { value: 'private' });
  const [line] = await lines('?operation=secrets.set');
  expect(line).toMatchObject({ by: { name: 'first admin key' }, outcome: 'done', from: { address: '127.0.0.1' } });
  const agent = 'x'.repeat(500);
  await server.ask(
    key,
    'PUT',
    '/v1/secrets/placed',
    { value: 'private' },
    {
      'user-agent': agent,
      'x-forwarded-for': '203.0.113.9',
    },
  );
  // Nobody is trusted to tell where a request came from.
  expect((await lines('?operation=secrets.set'))[0]?.from).toEqual({
    address: '127.0.0.1',
    agent: agent.slice(0, 200),
  });
});

test.each([
  ['what a trusted proxy was told, not what came to it', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['the first that is no trusted proxy', '203.0.113.9, 10.1.2.3', '203.0.113.9'],
])('behind a proxy a line has %s', async (_what, forwarded, address) => {
  const behind = await startServer('pglite://memory', {
    worker: false,
    environment: { TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' },
  });
  try {
    const admin = (await behind.tenant('mine')).key;
    const headers = { 'x-forwarded-for': forwarded, 'x-request-id': 'of-the-edge' };
    await behind.ask(admin, 'PUT', '/v1/secrets/placed', { value: 'private' }, headers);
    const { items } = auditPage.parse((await behind.ask(admin, 'GET', '/v1/audit')).json);
    expect(items[0]?.from?.address).toBe(address);
    expect(items[0]?.request_id).toBe('of-the-edge');
  } finally {
    await behind.close();
  }
});

describe('a watched read', () => {
  test('leaves one line a minute for the same reader', async () => {
    const { id } = await newKey();
    const count = (await lines('?operation=api-keys.get')).length;
    for (const path of [`/v1/api-keys/${id}`, `/v1/api-keys/${id}`]) await server.ask(key, 'GET', path);
    const after = await lines('?operation=api-keys.get');
    expect(after).toHaveLength(count + 1);
    expect(after[0]).toMatchObject({ target: `/v1/api-keys/${id}`, outcome: 'done', before: null, after: null });
  });

  test('of what is not there leaves none', async () => {
    const count = (await lines('?operation=api-keys.get')).length;
    expect((await server.ask(key, 'GET', `/v1/api-keys/${tenant}`)).status).toBe(404);
    expect(await lines('?operation=api-keys.get')).toHaveLength(count);
  });
});

test('who tries what they may not leaves a line, once a minute', async () => {
  const viewer = await server.key(tenant, ['viewer']);
  const tries = () => server.ask(viewer, 'PUT', '/v1/secrets/forbidden', { value: 'private' });
  expect([(await tries()).status, (await tries()).status]).toEqual([403, 403]);
  const tried = await lines('?target=/v1/secrets/forbidden');
  expect(tried).toMatchObject([
    { operation: 'secrets.set', outcome: 'refused', detail: { code: 'forbidden' }, by: { roles: ['viewer'] } },
  ]);
});

test('lines are found by who, what, which and when', async () => {
  await made('PUT', '/v1/secrets/found', { value: 'private' });
  const [line] = await lines('?target=/v1/secrets/found');
  const at = line?.at ?? '';
  const found = (query: string) => lines(`?target=/v1/secrets/found&${query}`);
  expect(await found(`actor=${line?.by.id}&operation=secrets.set&since=${at}`)).toEqual([line]);
  for (const query of ['actor=nobody', 'operation=secrets.delete', `until=${at}`])
    expect(await found(query)).toEqual([]);
  expect((await server.ask(key, 'GET', '/v1/audit?since=yesterday')).status).toBe(400);
});

test('the chain is verified, exported and read in pages; the head tells of it', async () => {
  const { audit } = server.api.ports;
  const scope = { tenant };
  const verified = (await server.ask(key, 'POST', '/v1/audit/verify', {})).json;
  expect(verified).toMatchObject({ state: 'whole', problem: null });
  const [line] = await lines('?operation=audit.verify');
  expect(line).toMatchObject({ target: '/v1/audit/verify', detail: verified });
  const shown = (await server.ask(key, 'GET', '/v1/audit/head')).json;
  expect(shown).toMatchObject({
    head: await audit.head(scope),
    checkpoint: null,
    verified: { state: 'whole', at: line?.at, by: line?.by.id },
  });

  const exported = await server.ask(key, 'GET', '/v1/audit/export');
  expect([exported.status, exported.type]).toEqual([200, 'application/jsonl']);
  expect((await verifyExport(exported.text.trimEnd().split('\n'))).verdict).toMatchObject({ type: 'whole', from: 0 });
  const rest = await server.ask(key, 'GET', `/v1/audit/export?after=${line?.number}`);
  expect((await verifyExport(rest.text.trimEnd().split('\n'))).verdict).toMatchObject({ from: line?.number });

  const rows = await audit.chain(scope, 0, 1_000);
  const numbers: number[] = [];
  for (let cursor = ''; ;) {
    const read = auditPage.parse((await server.ask(key, 'GET', `/v1/audit?limit=20${cursor}`)).json);
    numbers.push(...read.items.map(({ number }) => number));
    if (read.next_cursor === null) break;
    cursor = `&cursor=${read.next_cursor}`;
  }
  expect(numbers.slice(-rows.length)).toEqual(rows.map(({ number }) => number).toReversed());
});

test('how long lines are kept is set, and no less than 30 days', async () => {
  expect((await server.ask(key, 'PUT', '/v1/audit/retention', { days: 29 })).status).toBe(422);
  await made('PUT', '/v1/audit/retention', { days: 400 });
  expect((await server.ask(key, 'GET', '/v1/audit/retention')).json).toEqual({ days: 400 });
});

test('a line that is changed behind its back is found and named', async () => {
  const tamper = (from: string, to: string) =>
    server.database.connections.lend((sql) =>
      sql.query(`update holdfast.audit set target = replace(target, $2, $3) where tenant_id = $1 and number = 1`, [
        tenant,
        from,
        to,
      ]),
    );
  await tamper('asker', 'other');
  const { json } = await server.ask(key, 'POST', '/v1/audit/verify', {});
  expect(json).toMatchObject({ state: 'broken', lines: 0, problem: { number: 1, kind: 'changed' } });
  expect((await server.ask(key, 'GET', '/v1/audit/head')).json['verified']).toMatchObject({
    state: 'broken',
    number: 1,
  });
  await tamper('other', 'asker');
  expect(await verifyStored(server.api.ports.audit, { tenant })).toMatchObject({ type: 'whole' });
});

async function made(method: string, path: string, body?: unknown): Promise<void> {
  const { status, text } = await server.ask(key, method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
}

const becomes = (run: string, status: string) =>
  expect
    .poll(async () => (await server.ask(key, 'GET', `/v1/runs/${run}`)).json['status'], { timeout: 20_000 })
    .toBe(status);

/** A run that has asked its question. */
async function asking(): Promise<string> {
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'asker' })).json['id']);
  await expect
    .poll(async () => (await server.ask(key, 'GET', `/v1/attention?run=${run}`)).json['items'], { timeout: 20_000 })
    .toHaveLength(1);
  return run;
}
