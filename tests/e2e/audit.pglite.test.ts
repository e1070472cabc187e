import { routes } from '@holdfast/api';
import { auditPage, type AuditLine } from '@holdfast/contracts';
import { type Operation, verifyAudit } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idleBulk } from './support/idle-bulk.ts';
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

const lines = async (query = ''): Promise<AuditLine[]> =>
  auditPage.parse((await server.ask(key, 'GET', `/v1/audit${query}`)).json).items;

/** Changes that leave no line, and why. */
const unaudited: Partial<Record<Operation, string>> = {
  'runs.start': 'the log of the run has it',
  'runs.send-message': 'the log of the run has it',
  'runs.fork': 'the log of the fork has it',
  'runs.rerun': 'the log of the fork has it',
  'threads.create': 'it says nothing before its first run',
};

// A login and its end are no change of a tenant, of which a session has none.
const changing = routes.filter(({ method, tag }) => method !== 'GET' && tag !== 'Login');

test('every route that changes something is audited, or is known not to be', () => {
  for (const { audit, operation, url } of changing)
    expect([url, audit !== undefined]).toEqual([url, operation === null || unaudited[operation] === undefined]);
  expect(routes.filter(({ method, audit }) => method === 'GET' && audit !== undefined)).toEqual([]);
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
  expect(answer.headers.get('x-request-id')).toBe('mine-1');
  expect((await lines())[0]).toMatchObject({ request_id: 'mine-1', by: { roles: expect.arrayContaining(['admin']) } });
});

test('the chain is whole, is read in pages, and a changed line is found', async () => {
  const scope = { tenant };
  const { audit } = server.api.ports;
  const rows = await audit.chain(scope, 0, 1_000);
  const head = await audit.head(scope);
  expect(rows.length).toBeGreaterThan(5);
  expect(verifyAudit(tenant, rows, head)).toEqual({ type: 'whole', lines: rows.length });

  const numbers: number[] = [];
  for (let cursor = ''; ;) {
    const page = auditPage.parse((await server.ask(key, 'GET', `/v1/audit?limit=3${cursor}`)).json);
    numbers.push(...page.items.map(({ number }) => number));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(numbers).toEqual(rows.map(({ number }) => number).toReversed());

  await server.database.connections.lend((sql) =>
    sql.query(`update holdfast.audit set line = replace(line, 'asker', 'other') where tenant_id = $1 and number = 1`, [
      tenant,
    ]),
  );
  expect(verifyAudit(tenant, await audit.chain(scope, 0, 1_000), head)).toEqual({
    type: 'broken',
    number: 1,
    problem: 'changed',
  });
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
