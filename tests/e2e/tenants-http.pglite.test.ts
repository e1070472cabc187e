import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { routes } from '@holdfast/api';
import { parseKey, platformPermissions, verifyPlatformAudit, verifyTenantExport } from '@holdfast/core';
import { Holdfast, type PlatformAuditLine, type TenantResource } from '@holdfast/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformAdmin, seconds, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';
import { ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let issuer: TestIssuer;
let server: TestServer;
let token: string;
let client: Holdfast;
const soon = { timeout: 20_000, interval: 20 };

beforeAll(async () => {
  issuer = await startIssuer();
  server = await startServer('pglite://memory', {
    environment: { OIDC_ISSUER: issuer.url, TENANT_SLOTS: '17', TRUSTED_PROXIES: '127.0.0.1' },
  });
  token = await issuer.sign({ ...platformAdmin, exp: seconds() + 3_600 });
  client = new Holdfast({ url: server.url, key: token, validate: true });
});
afterAll(async () => {
  await server.close();
  await issuer.close();
});

const name = () => `tenant ${randomUUID()}`;
const made = (over: object = {}) => client.tenants.create({ name: name(), ...over });
const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(token, method, path, body, headers);
/** Lines of the platform's log about one tenant, newest first. */
const lines = async (tenant: string | null): Promise<PlatformAuditLine[]> =>
  (await client.platformAudit.list({ limit: 200 }).page()).items.filter((line) => line.tenant === tenant);
const code = (wanted: string) => ({ code: wanted });

test('a tenant is made, found by its name, and changed as the version that was read', async () => {
  const first = await made({ external_id: randomUUID(), weight: 3 });
  expect(first).toMatchObject({ slots: 17, weight: 3, suspended_at: null, delete_at: null, api_key: null });
  const { api_key: _key, ...tenant } = first;
  const { value, etag } = await client.tenants.get(tenant.id);
  expect(value).toEqual(tenant);
  expect((await client.tenants.list({ name: tenant.name }).page()).items).toEqual([tenant]);
  expect((await client.tenants.list({ name: `${tenant.name}.` }).page()).items).toEqual([]);
  const settings = { name: name(), external_id: 'an-id', slots: 2, weight: 1_000 };
  const changed = await client.tenants.update(tenant.id, settings, { ifMatch: etag ?? '' });
  expect(changed).toEqual({ ...tenant, ...settings });
  const again = client.tenants.update(tenant.id, { ...settings, weight: 1 }, { ifMatch: etag ?? '' });
  await expect(again).rejects.toMatchObject(code('etag_mismatch'));
  expect((await client.tenants.get(tenant.id)).value).toEqual(changed);

  const other = await made();
  const taken = client.tenants.update(other.id, { ...settings, external_id: null });
  await expect(taken).rejects.toMatchObject(code('tenant_exists'));
  await expect(made({ name: settings.name })).rejects.toMatchObject(code('tenant_exists'));
  await expect(made({ external_id: settings.external_id })).rejects.toMatchObject(code('tenant_exists'));
  // What no token could name, and what would say another thing on a terminal.
  for (const bad of ['', ' x', '/x', 'x\n', 'x'.repeat(101)])
    await expect(made({ name: bad })).rejects.toMatchObject(code('validation_failed'));
});

test('all are listed in pages, oldest first', async () => {
  const ids = [await made(), await made(), await made()].map(({ id }) => id);
  const seen: string[] = [];
  for await (const { id } of client.tenants.list({ limit: 2 })) seen.push(id);
  expect(seen).toEqual(seen.toSorted());
  expect(seen).toEqual(expect.arrayContaining(ids));
});

test('a first admin key lets in, and is in no log', async () => {
  const { id, api_key: key } = await made({ key: true });
  expect((await server.ask(key, 'GET', '/v1/me')).json).toMatchObject({ tenant: id, by: { type: 'api-key' } });
  const [line] = await lines(id);
  expect(line).toMatchObject({ operation: 'tenants.create', detail: { key: parseKey(key ?? '')?.id } });
  expect(JSON.stringify(line)).not.toContain(parseKey(key ?? '')?.secret);
});

describe('each change leaves a line in the log of the platform and one in the tenant’s', () => {
  const changes = {
    'tenants.update': (id: string) =>
      client.tenants.update(id, { name: name(), external_id: null, slots: 1, weight: 1 }),
    'tenants.suspend': (id: string) => client.tenants.suspend(id, { reason: 'the bill' }),
    'tenants.resume': (id: string) => client.tenants.resume(id),
    'tenants.delete': (id: string) => client.tenants.delete(id),
    'tenants.keep': (id: string) => client.tenants.keep(id),
    'tenants.export': (id: string) => drained(client.tenants.export(id)),
  };

  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s', async (operation) => {
    const { id } = await made();
    await changes[operation](id);
    const [line, ...before] = await lines(id);
    expect(before.map((each) => each.operation)).toEqual(['tenants.create']);
    const wanted = {
      operation,
      outcome: 'done',
      by: { type: 'person', id: 'root', roles: [] },
      from: { address: '127.0.0.1', agent: expect.any(String) as unknown },
      request_id: expect.stringMatching(/.{10}/) as unknown,
    };
    expect(line).toMatchObject(wanted);
    const [own] = await server.api.ports.audit.list({ tenant: id }, {}, null, 1);
    expect(own).toMatchObject({ operation, actor: 'root', target: `/v1/tenants/${id}` });
    expect(JSON.parse(own?.line ?? '{}')).toMatchObject({ requestId: line?.request_id, from: line?.from });
  });

  test('and nothing else is done above all tenants, but for what is read', () => {
    const above = routes.flatMap((route) => (route.within === 'platform' ? [route] : []));
    expect(above.map(({ operation }) => operation).toSorted()).toEqual(Object.keys(platformPermissions).toSorted());
    const known = [...Object.keys(changes), 'tenants.create', 'platform-audit.verify'];
    const unknown = above.filter(({ method, operation }) => method !== 'GET' && !known.includes(operation));
    expect(unknown).toEqual([]);
  });
});

test('the request id of a line is that of the answer; a refused change leaves none', async () => {
  const { id } = await made();
  const { headers } = await ask('POST', `/v1/tenants/${id}/suspend`, {}, { 'x-request-id': 'mine-1' });
  expect(headers.get('x-request-id')).toBe('mine-1');
  expect((await lines(id))[0]).toMatchObject({ request_id: 'mine-1', detail: { reason: null } });
  const count = (await lines(id)).length;
  expect((await ask('PUT', `/v1/tenants/${id}`, { name: '', external_id: null, slots: 1, weight: 1 })).status).toBe(
    422,
  );
  const stale = { 'if-match': '"x"' };
  expect(
    (await ask('PUT', `/v1/tenants/${id}`, { name: name(), external_id: null, slots: 1, weight: 1 }, stale)).status,
  ).toBe(412);
  expect(await lines(id)).toHaveLength(count);
});

test('suspended, nobody is let in, by key or token; deleted, it is kept within its grace and erased after it', async () => {
  const word = name();
  const { id, api_key: key } = await made({ name: word, key: true });
  const member = await issuer.sign({
    organization: { [word]: { id: word, resource_access: { holdfast: { roles: ['viewer'] } } } },
  });
  expect((await server.ask(member, 'GET', '/v1/me')).status).toBe(200);
  await server.ask(key, 'POST', '/v1/agents', scribe('noter', 1));
  await server.ask(key, 'POST', '/v1/runs', { agent: 'noter' });
  const since = (await client.tenants.suspend(id)).suspended_at;
  expect(since).not.toBeNull();
  for (const who of [key, member])
    expect((await server.ask(who, 'GET', '/v1/me')).json).toMatchObject(code('tenant_suspended'));
  // Once is enough, and says so.
  expect((await client.tenants.suspend(id)).suspended_at).toBe(since);

  const { delete_at: at } = await client.tenants.delete(id);
  const days = (Date.parse(at ?? '') - server.api.ports.clock.now()) / 86_400_000;
  expect(days).toBeGreaterThan(6.99);
  expect(days).toBeLessThanOrEqual(7);
  await expect(client.tenants.resume(id)).rejects.toMatchObject(code('tenant_deleting'));
  expect(await client.tenants.keep(id)).toMatchObject({ delete_at: null, suspended_at: since });
  expect(await client.tenants.resume(id)).toMatchObject({ suspended_at: null });
  for (const who of [key, member]) expect((await server.ask(who, 'GET', '/v1/me')).status).toBe(200);

  await client.tenants.delete(id, { grace: '1ms' });
  await expect.poll(async () => (await ask('GET', `/v1/tenants/${id}`)).status, soon).toBe(404);
  expect((await lines(id))[0]).toMatchObject({
    operation: 'tenants.erase',
    by: { type: 'system', id: 'erasure' },
    from: null,
    detail: { name: word, rows: { agents: 1, members: 1, api_keys: 1 } },
  });
  expect(await client.platformAudit.verify()).toMatchObject({ state: 'whole', problem: null });
});

test('an erasure that has begun is not taken back', async () => {
  const { id } = await made();
  await server.database.connections.lend((sql) =>
    sql.query('update holdfast.tenants set delete_at = 1, erasing_since = 1 where id = $1', [id]),
  );
  await expect(client.tenants.keep(id)).rejects.toMatchObject(code('tenant_erasing'));
  await expect(client.tenants.delete(id)).rejects.toMatchObject(code('tenant_erasing'));
  await expect(client.tenants.resume(id)).rejects.toMatchObject(code('tenant_deleting'));
});

test('an export is proven by its hashes, with files and without; that of none is refused before it begins', async () => {
  const { id, api_key: key } = await made({ key: true });
  await server.ask(key, 'POST', '/v1/agents', scribe('noter', 1));
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'noter' })).json['id']);
  await expect
    .poll(async () => (await server.ask(key, 'GET', `/v1/runs/${run}`)).json['status'], soon)
    .toBe('succeeded');
  for (const files of [true, false]) {
    const text = await drained(client.tenants.export(id, { files }));
    expect(text.endsWith('\n')).toBe(true);
    expect(await verifyTenantExport(asLines(text))).toMatchObject({ type: 'whole', tenant: id, lines: { run: 1 } });
    expect(text.includes('{"type":"file"')).toBe(files);
    expect(text).not.toContain(parseKey(key ?? '')?.secret);
  }
  const { headers } = await ask('GET', `/v1/tenants/${id}/export`);
  expect(headers.get('content-disposition')).toContain(`tenant-${id}.jsonl`);
  expect(headers.get('cache-control')).toBe('no-store');
  await expect(drained(client.tenants.export(randomUUID()))).rejects.toMatchObject(code('tenant_not_found'));
});

describe('the log of the platform', () => {
  test('is read in pages, which leaves one line a minute for the same reader', async () => {
    const numbers: number[] = [];
    for await (const { number } of client.platformAudit.list({ limit: 7 })) numbers.push(number);
    expect(numbers).toEqual(numbers.toSorted((left, right) => right - left));
    expect(numbers.at(-1)).toBe(1);
    const reads = (await lines(null)).filter(({ operation }) => operation === 'platform-audit.list');
    expect(reads).toHaveLength(1);
  });

  test('verified, has a line about it; a changed line is found and named', async () => {
    const verdict = await client.platformAudit.verify();
    expect((await lines(null))[0]).toMatchObject({ operation: 'platform-audit.verify', detail: verdict });
    const tamper = (from: string, to: string) =>
      server.database.connections.lend((sql) =>
        sql.query('update holdfast.platform_audit set line = replace(line, $1, $2) where number = 2', [from, to]),
      );
    await tamper('root', 'toor');
    expect(await client.platformAudit.verify()).toMatchObject({
      state: 'broken',
      lines: 1,
      problem: { number: 2, kind: 'changed' },
    });
    await tamper('toor', 'root');
    expect(await client.platformAudit.verify()).toMatchObject({ state: 'whole' });
  });

  test('tells who tried what they may not: by a token or by a key, one line a minute each', async () => {
    const tenant = await server.tenant(name());
    const alice = await issuer.sign({ sub: 'alice' });
    for (const who of [alice, tenant.key])
      for (const id of [randomUUID(), tenant.id])
        expect((await server.ask(who, 'DELETE', `/v1/tenants/${id}`)).json).toMatchObject(code('forbidden'));
    const tries = (await lines(null)).filter(({ outcome }) => outcome === 'refused');
    expect(tries).toMatchObject([
      { operation: 'tenants.delete', by: { type: 'api-key', id: parseKey(tenant.key)?.id }, detail: code('forbidden') },
      { operation: 'tenants.delete', by: { type: 'person', id: 'alice' }, detail: code('forbidden') },
    ]);
    expect((await client.tenants.get(tenant.id)).value.suspended_at).toBeNull();
    expect((await verifyPlatformAudit(server.api.ports.platformAudit)).type).toBe('whole');
  });
});

describe('by the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tenants-http-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function holdfast(exit: number, ...args: string[]): Promise<string> {
    const env = { HOLDFAST_URL: server.url, HOLDFAST_TOKEN: token, HOLDFAST_API_KEY: 'hf_of_nobody' };
    const { code, out, err } = await ranCli(args, { env, folder });
    expect([args, code, out + err]).toEqual([args, exit, out + err]);
    return out + err;
  }

  test('the API is asked, as the admin whose token it is', async () => {
    const word = name();
    const { id } = JSON.parse(await holdfast(0, 'tenants', 'create', word, '--no-key', '--json')) as TenantResource;
    expect(await holdfast(1, 'tenants', 'create', word)).toContain('(tenant_exists)');
    expect(await holdfast(2, 'tenants', 'create', '/')).toContain('must begin with a letter');
    expect(await holdfast(0, 'tenants', 'update', word, '--weight', '5')).toContain('weight\t5');
    expect(await holdfast(0, 'tenants', 'suspend', word, '--reason', 'the bill')).toContain('state\tsuspended');
    expect(await holdfast(0, 'tenants', 'list')).toContain(`${id}\t${word}\t17\t5\tsuspended`);
    expect(await holdfast(0, 'tenants', 'resume', id)).toContain('state\tactive');
    const file = join(folder, 'all.jsonl');
    await holdfast(0, 'tenants', 'export', word, '--output', file);
    expect(await holdfast(0, 'tenants', 'verify-export', file)).toContain(`is whole: tenant ${id}`);
    expect(readFileSync(file, 'utf8').split('\n')[0]).toContain('"type":"export"');
    expect(await holdfast(2, 'tenants', 'delete', word)).toContain('--yes');
    expect(await holdfast(0, 'tenants', 'delete', word, '--grace', '1h', '--yes')).toContain('state\tis erased after');
    expect(await holdfast(0, 'tenants', 'keep', word)).toContain('state\tsuspended');
    const audit = (await holdfast(0, 'tenants', 'audit', '--limit', '8')).trimEnd().split('\n');
    expect(audit).toHaveLength(8);
    expect(audit.find((line) => line.includes('tenants.keep'))).toMatch(
      new RegExp(`^\\d+\\t\\S+\\ttenants.keep\\tperson root\\t${id}\\tdone\\t`),
    );
    expect(await holdfast(1, 'tenants', 'get', 'nobody')).toContain(
      'There is no tenant with the id or the name nobody',
    );
    // What is left of a tenant only the database can say.
    expect(await holdfast(1, 'tenants', 'rests', id)).toContain('DATABASE_URL');
  });
});

async function drained(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

async function* asLines(text: string): AsyncGenerator<string> {
  yield* text.trimEnd().split('\n');
}
