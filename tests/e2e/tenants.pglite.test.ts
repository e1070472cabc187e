import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  deleteTenant,
  type ExportPorts,
  exportTenant,
  getRun,
  keepTenant,
  makeTenant,
  newSchedule,
  type PlatformRequest,
  resumeTenant,
  suspendTenant,
  updateTenant,
  verifyTenantExport,
  verifyPlatformAudit,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newMember } from './support/new-member.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let receiver: Receiver;
let other: { id: string; key: string };
const who: PlatformRequest = { by: { type: 'system', id: 'test', roles: [] }, requestId: 'r' };
const soon = { timeout: 20_000, interval: 20 };

beforeAll(async () => {
  receiver = await startReceiver();
  server = await startServer('pglite://memory', { environment: { OUTBOUND_ALLOW: receiver.host } });
  other = await furnished();
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

/** A tenant with an agent that takes many steps, and one that asks. */
async function furnished(): Promise<{ id: string; key: string }> {
  const made = await server.tenant(`tenant ${randomUUID()}`);
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'Heard {{last}}' }] };
  for (const agent of [scribe('walker', 500), scribe('noter', 1), scribe('asker', 1, asks)])
    expect((await server.ask(made.key, 'POST', '/v1/agents', agent)).status).toBe(201);
  return made;
}

const started = async (key: string, agent: string): Promise<string> =>
  String((await server.ask(key, 'POST', '/v1/runs', { agent })).json['id']);
const view = (tenant: string, run: string) => getRun(server.api.ports, { tenant, run });
const statusOf = async (tenant: string, run: string): Promise<string> => (await view(tenant, run)).summary.status;
const headOf = async (tenant: string, run: string): Promise<number> => (await view(tenant, run)).summary.head;

/** Each minute, and due now: it would fire as soon as a worker looks. */
async function dueSchedule(tenant: string): Promise<string> {
  const id = randomUUID();
  const now = server.api.ports.clock.now();
  const spec = {
    name: `s-${id}`,
    agent: 'asker',
    input: '',
    metadata: {},
    tags: [],
    priority: 0,
    cron: '* * * * *',
    timeZone: 'UTC',
    jitterSeconds: 0,
    overlap: 'allow',
    catchUpSeconds: 86_400,
    startsAt: null,
    endsAt: null,
  } as const;
  const schedule = { ...newSchedule(id, spec, now), reached: now - 61_000 };
  await server.api.ports.transactions.run({ tenant }, ({ schedules }) => schedules.create({ tenant }, schedule, now));
  return id;
}
const firedBy = async (tenant: string, schedule: string): Promise<number> => {
  const rows = await server.database.connections.lend((sql) =>
    sql.query<{ runs: number }>(
      `select count(*)::int as runs from holdfast.runs where tenant_id = '${tenant}' and schedule_id = '${schedule}'`,
    ),
  );
  return rows[0]?.runs ?? -1;
};

describe('a suspended tenant', () => {
  test('is let in by nobody, lets go of its runs, begins nothing, and goes on where it stood', async () => {
    const { id, key } = await furnished();
    const hook = `${receiver.url}/${id}`;
    await server.ask(key, 'POST', '/v1/webhooks', { url: hook, events: ['run.created'] });
    const walking = await started(key, 'walker');
    const stream = await fetch(`${server.url}/v1/runs/${walking}/events`, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
    });
    await expect.poll(() => headOf(id, walking), soon).toBeGreaterThan(20);
    expect(await statusOf(id, walking)).toBe('running');

    await suspendTenant(server.api.ports, who, id, 'the bill');
    expect(await server.ask(key, 'GET', '/v1/runs')).toMatchObject({ status: 403, json: { code: 'tenant_suspended' } });
    await expect.poll(() => statusOf(id, walking), soon).toBe('waiting');
    const { summary, capacityProblem } = await view(id, walking);
    expect(summary.waitingFor).toMatchObject([{ reason: 'capacity' }]);
    expect(capacityProblem).toBe('tenant_suspended');
    // What was open ends.
    await stream.text();

    // What would begin at once begins for another tenant, and not here.
    const [mine, theirs] = [await dueSchedule(id), await dueSchedule(other.id)];
    const fresh = await headOf(id, walking);
    const beside = await started(other.key, 'noter');
    await expect.poll(() => statusOf(other.id, beside), soon).toBe('succeeded');
    await expect.poll(() => firedBy(other.id, theirs), soon).toBeGreaterThan(0);
    expect(await firedBy(id, mine)).toBe(0);
    expect(await headOf(id, walking)).toBe(fresh);

    await resumeTenant(server.api.ports, who, id);
    await expect.poll(() => firedBy(id, mine), soon).toBeGreaterThan(0);
    await expect.poll(() => statusOf(id, walking), { ...soon, timeout: 60_000 }).toBe('succeeded');
    expect((await server.ask(key, 'GET', '/v1/runs')).status).toBe(200);
    // The run, and those of the schedule.
    const sent = () => receiver.received.filter(({ path }) => path === `/${id}`).length;
    await expect.poll(sent, soon).toBeGreaterThan(1);
    const lines = (await server.ask(key, 'GET', '/v1/audit')).json['items'] as { operation: string; detail: unknown }[];
    expect(lines.slice(0, 2)).toMatchObject([
      { operation: 'tenants.resume' },
      { operation: 'tenants.suspend', detail: { reason: 'the bill' } },
    ]);
  });
});

describe('a deleted tenant', () => {
  test('is kept within its grace, and erased after it with its files; a line proves it', async () => {
    const { id, key } = await furnished();
    const run = await started(key, 'noter');
    await expect.poll(() => statusOf(id, run), soon).toBe('succeeded');
    const asking = await started(key, 'asker');
    await expect.poll(() => statusOf(id, asking), soon).toBe('waiting');
    const files = join(server.files, id);
    expect(existsSync(files)).toBe(true);

    const { deleteAt } = await deleteTenant(server.api.ports, who, id, 3_600_000);
    expect(deleteAt).toBeGreaterThan(server.api.ports.clock.now());
    expect((await server.ask(key, 'GET', '/v1/me')).json).toMatchObject({ code: 'tenant_suspended' });
    await expect(resumeTenant(server.api.ports, who, id)).rejects.toMatchObject({ code: 'tenant_deleting' });
    await keepTenant(server.api.ports, who, id);
    await resumeTenant(server.api.ports, who, id);
    expect((await server.ask(key, 'GET', '/v1/me')).status).toBe(200);

    await deleteTenant(server.api.ports, who, id, 0);
    await expect.poll(() => server.api.ports.tenants.get({ tenant: id }), soon).toBeNull();
    expect(existsSync(files)).toBe(false);
    expect(await server.api.ports.tenants.rests({ tenant: id })).toEqual({});
    expect((await server.ask(key, 'GET', '/v1/me')).status).toBe(401);
    const [line] = await server.api.ports.platformAudit.list(null, 1);
    expect(line?.operation).toBe('tenants.erase');
    expect(JSON.parse(line?.line ?? '{}')).toMatchObject({
      tenant: id,
      detail: { rows: { runs: 2, agents: 3, versions: 3, api_keys: 1 } },
    });
    expect(await verifyPlatformAudit(server.api.ports.platformAudit)).toMatchObject({ type: 'whole' });
    expect((await server.ask(other.key, 'GET', '/v1/me')).status).toBe(200);
    await expect(keepTenant(server.api.ports, who, id)).rejects.toMatchObject({ code: 'tenant_not_found' });
  });
});

describe('an export', () => {
  const exported = async (tenant: string, files = true, over: Partial<ExportPorts> = {}): Promise<string[]> => {
    const lines: string[] = [];
    const ports = { ...server.api.ports, toolServers: server.api.ports.registry.store, ...over };
    for await (const line of exportTenant(ports, tenant, { files })) lines.push(line);
    return lines;
  };
  const verdict = (lines: readonly string[]) =>
    verifyTenantExport(
      (async function* read() {
        yield* lines;
      })(),
    );

  test('has all of a tenant, nothing that lets anybody in, and is proven by its hashes', async () => {
    const { id, key } = await furnished();
    await newMember(server, id);
    await server.ask(key, 'PUT', '/v1/secrets/token', { value: 'sesame' });
    const hook = await server.ask(key, 'POST', '/v1/webhooks', { url: receiver.url, events: ['ends'] });
    await server.ask(key, 'PUT', '/v1/budgets/month', { tokens: 1_000_000_000 });
    await server.ask(key, 'POST', '/v1/threads', {});
    await server.ask(key, 'POST', '/v1/schedules', { name: 'leap', agent: 'asker', cron: '0 0 29 2 *' });
    const runs: string[] = [];
    for (let count = 0; count < 101; count += 1) runs.push(await started(key, 'noter'));
    for (const run of runs) await expect.poll(() => statusOf(id, run), soon).toBe('succeeded');
    await suspendTenant(server.api.ports, who, id, null);

    const lines = await exported(id);
    const read = lines.map((line) => JSON.parse(line) as Record<string, unknown> & { type: string });
    const of = (type: string) => read.filter((line) => line.type === type);
    expect(of('run').map(({ run }) => run)).toEqual(runs.toReversed());
    expect(of('artifact')).toHaveLength(101);
    expect(of('file')).toHaveLength(101);
    expect(of('version')).toHaveLength(3);
    for (const type of [
      'settings',
      'member',
      'thread',
      'schedule',
      'webhook',
      'budget',
      'secret-name',
      'api-key',
      'audit-head',
    ])
      expect([type, of(type).length]).toEqual([type, 1]);
    const heads = of('run').reduce((sum, { head }) => sum + Number(head), 0);
    expect(of('event')).toHaveLength(heads);
    expect(of('usage')).toContainEqual(expect.objectContaining({ by: 'agent', group: 'noter', runs: 101 }));
    expect(of('audit').length).toBeGreaterThan(3);
    for (const secret of ['sesame', String(hook.json['secret']), key.slice(-64), 'secretHash', 'ciphertext'])
      expect(lines.some((line) => line.includes(secret))).toBe(false);

    expect(await verdict(lines)).toMatchObject({ type: 'whole', tenant: id, lines: { run: 101, event: heads } });
    expect(await verdict(lines.slice(0, -1))).toMatchObject({ type: 'broken', problem: 'it has no end' });
    expect(await verdict(lines.toSpliced(3, 1))).toMatchObject({ type: 'broken' });
    const changed = lines.map((line, index) => (index === 2 ? line.replace('}', ' }') : line));
    expect(await verdict(changed)).toMatchObject({ problem: 'the lines before it were changed' });
    const event = read.findLastIndex(({ type }) => type === 'event');
    expect(await verdict(lines.toSpliced(event - 1, 1))).toMatchObject({
      problem: expect.stringMatching(/does not follow/),
    });
    const file = lines.findIndex((line) => line.startsWith('{"type":"file"'));
    const other = lines.map((line, index) => (index === file ? line.replace(/"base64":"./, '"base64":"A') : line));
    expect(await verdict(other)).toMatchObject({ line: file + 1, problem: expect.stringMatching(/its digest/) });
    expect((await exported(id, false)).some((line) => line.startsWith('{"type":"file"'))).toBe(false);
  });

  test('holds no file above 32 MiB in memory: it names it as left out', async () => {
    const { id, key } = await furnished();
    const run = await started(key, 'noter');
    await expect.poll(() => statusOf(id, run), soon).toBe('succeeded');
    const { directory, artifacts } = server.api.ports;
    const sizes = [32 * 1024 * 1024, 32 * 1024 * 1024 + 1];
    const digests = sizes.map((size) => createHash('sha256').update(String(size)).digest('hex'));
    const read: string[] = [];
    const lines = await exported(id, true, {
      directory: {
        list: (...args) => directory.list(...args),
        usage: (...args) => directory.usage(...args),
        artifacts: () =>
          Promise.resolve(
            sizes.map((size, at) => ({ digest: digests[at] ?? '', size, name: `${at}`, mediaType: 'a/b' })),
          ),
      },
      artifacts: { get: (ref, digest) => (read.push(digest), artifacts.get(ref, digest)) },
    });
    const files = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type === 'file');
    expect(read).toEqual(digests.slice(0, 1));
    expect(files).toEqual([
      { type: 'file', run_id: run, digest: digests[0], base64: null },
      { type: 'file', run_id: run, digest: digests[1], base64: null, left_out: 'too large' },
    ]);
    expect(await verdict(lines)).toMatchObject({ type: 'whole' });
  });

  test('of no tenant is refused', async () => {
    await expect(exported(randomUUID())).rejects.toMatchObject({ code: 'tenant_not_found' });
  });
});

test('a tenant is made with a first key or without, and changed', async () => {
  const draft = { name: `made ${randomUUID()}`, slots: 2, weight: 1, externalId: null };
  const made = await makeTenant(server.api.ports, who, draft, true);
  expect((await server.ask(made.key, 'GET', '/v1/me')).json).toMatchObject({ tenant: made.tenant.id });
  await expect(makeTenant(server.api.ports, who, draft, false)).rejects.toMatchObject({ code: 'tenant_exists' });
  const without = await makeTenant(server.api.ports, who, { ...draft, name: `${draft.name} 2` }, false);
  expect(without.key).toBeNull();
  const changed = await updateTenant(server.api.ports, who, made.tenant.id, { weight: 7 });
  expect(changed).toMatchObject({ name: draft.name, slots: 2, weight: 7 });
  const taken = updateTenant(server.api.ports, who, made.tenant.id, { name: `${draft.name} 2` });
  await expect(taken).rejects.toMatchObject({ code: 'tenant_exists' });
});
