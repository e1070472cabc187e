import { deleteTenant, makeTenant, type PlatformRequest, resumeTenant, suspendTenant } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, scribe, startServer, type TestServer } from '../e2e/support/server.ts';
import { platformAdmin, seconds, startIssuer, type TestIssuer } from './support/issuer.ts';

/** Who comes in with a good token, into which tenant, and for how long. */

const who: PlatformRequest = { by: { type: 'system', id: 'test', roles: [] }, requestId: 'r' };
const soon = { timeout: 20_000, interval: 20 };
/** Streams are looked at each 2.5 s. */
const WITHIN_MS = 5_000;

let issuer: TestIssuer;
/** Tokens make tenants. */
let server: TestServer;
/** They do not; and the edge is trusted. */
let strict: TestServer;

beforeAll(async () => {
  issuer = await startIssuer();
  [server, strict] = await Promise.all([
    startServer('pglite://memory', {
      environment: { OIDC_ISSUER: issuer.url, OIDC_CLIENT_ID: 'web', OIDC_PROVISION: 'on' },
    }),
    startServer('pglite://memory', {
      worker: false,
      environment: { OIDC_ISSUER: issuer.url, OIDC_CLIENT_ID: 'web', TRUSTED_PROXIES: '127.0.0.1' },
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([server.close(), strict.close()]);
  await issuer.close();
});

let count = 0;
/** A name that no other test has. */
const fresh = (what: string): string => `${what}-${(count += 1)}`;

/** In these tenants, with these roles; its id at the issuer is `org-<name>`. */
const organization = (tenants: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(tenants).map(([name, roles]) => [
      name,
      { id: `org-${name}`, resource_access: { holdfast: { roles } } },
    ]),
  );
const token = (sub: string, tenants: Readonly<Record<string, readonly string[]>>, claims = {}): Promise<string> =>
  issuer.sign({ sub, organization: organization(tenants), ...claims });
const me = (text: string, headers: Record<string, string> = {}, path = '/v1/me'): Promise<Answer> =>
  server.ask(text, 'GET', path, undefined, headers);
const into = (tenant: string) => ({ 'holdfast-tenant': tenant });
const rolesOf = ({ json }: Answer): string[] => (Object(json['by']) as { roles: string[] }).roles.toSorted();
const memberOf = async (text: string, headers = {}): Promise<{ tenant: string; id: string }> => {
  const { json } = await me(text, headers);
  return { tenant: String(json['tenant']), id: String(Object(json['by']).id) };
};
const tenantNamed = async (at: TestServer, name: string) => (await at.api.ports.tenants.list(null, 1, name))[0] ?? null;

describe('a person in several tenants', () => {
  test('chooses by name, by the issuer’s id or by ours, in the header or the path, and acts only there', async () => {
    const [acme, globex] = [fresh('acme'), fresh('globex')];
    const text = await token('carol', { [acme]: ['admin'], [globex]: ['viewer'] });
    expect(await me(text)).toMatchObject({ status: 400, json: { code: 'tenant_required', tenants: [acme, globex] } });
    const there = await memberOf(text, into(acme));
    const other = await memberOf(text, into(globex));
    expect(there.tenant).not.toBe(other.tenant);
    expect(there.id).not.toBe(other.id);
    for (const name of [acme, `org-${acme}`, there.tenant, there.tenant.toUpperCase()]) {
      expect(await me(text, into(name))).toMatchObject({ status: 200, json: { tenant: there.tenant } });
      expect(await me(text, {}, `/t/${name}/v1/me`)).toMatchObject({ status: 200, json: { tenant: there.tenant } });
    }
    expect((await me(text, into(globex), `/t/${globex}/v1/me`)).status).toBe(200);
    expect(await me(text, into(globex), `/t/${acme}/v1/me`)).toMatchObject({
      status: 400,
      json: { code: 'invalid_request' },
    });
    // The roles of one are none of the other.
    const publish = (tenant: string) =>
      server.ask(text, 'POST', `/t/${tenant}/v1/agents`, { name: 'writer' }).then(({ status }) => status);
    expect([await publish(acme), await publish(globex)]).toEqual([201, 403]);
    expect((await server.ask(text, 'GET', '/v1/agents/writer', undefined, into(globex))).status).toBe(404);
  });

  test('is told nothing of tenants that are others’', async () => {
    const [mine, also, theirs] = [fresh('mine'), fresh('also'), fresh('theirs')];
    const { tenant } = await memberOf(await token('dave', { [theirs]: ['admin'] }));
    const text = await token('carol', { [mine]: ['admin'], [also]: ['admin'] });
    await Promise.all([me(text, into(mine)), me(text, into(also))]);
    const answers = await Promise.all(
      [theirs, `org-${theirs}`, tenant, fresh('nowhere'), '00000000-0000-4000-8000-000000000000', 'ü'].map((name) =>
        me(text, {}, `/t/${encodeURIComponent(name)}/v1/me`),
      ),
    );
    const shown = answers.map(({ status, json: { request_id: _id, ...rest } }) => ({ status, rest }));
    expect(shown[0]).toMatchObject({ status: 403, rest: { code: 'tenant_forbidden', tenants: [mine, also] } });
    expect(new Set(shown.map((each) => JSON.stringify(each))).size).toBe(1);
    // And nobody became a member by asking.
    expect(await server.api.ports.members.list({ tenant }, null, 10)).toHaveLength(1);
  });
});

test('who is in no tenant gets into none, by whatever claim', async () => {
  for (const claim of [undefined, {}, [], 'acme/', { acme: 'admin' }, [{ acme: {} }]])
    expect(await me(await issuer.sign({ organization: claim }))).toMatchObject({
      status: 403,
      json: { code: 'tenant_forbidden', tenants: [] },
    });
});

test('a program comes as a service', async () => {
  const text = await token('ci', { [fresh('acme')]: ['operator'] }, { azp: 'ci' });
  expect((await me(text)).json['by']).toMatchObject({ type: 'service' });
});

describe('the first token', () => {
  test('makes tenant and member, and later ones find both and bring name and roles', async () => {
    const name = fresh('acme');
    const { tenant, id } = await memberOf(await token('ada', { [name]: ['viewer'] }, { name: 'Ada' }));
    expect(await tenantNamed(server, name)).toMatchObject({ id: tenant, externalId: `org-${name}` });
    const later = await token('ada', { [name]: ['builder'] }, { name: 'Ada Lovelace', email: 'ada@example.com' });
    expect(rolesOf(await me(later))).toEqual(['builder', 'operator', 'viewer']);
    expect(await server.api.ports.members.get({ tenant }, id)).toMatchObject({
      issuer: issuer.url,
      subject: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      roles: [],
    });
  });

  test('of many at once makes one', async () => {
    const name = fresh('acme');
    const texts = await Promise.all(
      Array.from({ length: 10 }, (_none, index) => token(`s${index % 5}`, { [name]: ['viewer'] })),
    );
    const members = await Promise.all(texts.map((text) => memberOf(text)));
    expect(new Set(members.map(({ tenant }) => tenant)).size).toBe(1);
    expect(new Set(members.map(({ id }) => id)).size).toBe(5);
  });

  test('without OIDC_PROVISION makes no tenant; in one that the platform has made, it makes the member', async () => {
    const name = fresh('acme');
    const text = await token('ada', { [name]: ['viewer'] });
    expect(await strict.ask(text, 'GET', '/v1/me')).toMatchObject({
      status: 403,
      json: { code: 'tenant_forbidden', tenants: [name] },
    });
    expect(await tenantNamed(strict, name)).toBeNull();
    const { ports } = strict.api;
    const made = await makeTenant(ports, who, { name, slots: 5, weight: 1, externalId: null }, false);
    const { id } = made.tenant;
    expect(await strict.ask(text, 'GET', '/v1/me')).toMatchObject({ status: 200, json: { tenant: id } });
    expect(await ports.members.list({ tenant: id }, null, 10)).toMatchObject([{ subject: 'ada' }]);
    // It is that organization's from now on: another one that takes its name is not let in.
    expect(await tenantNamed(strict, name)).toMatchObject({ externalId: `org-${name}` });
    const [ours] = Object.values(organization({ [name]: ['admin'] }));
    const taken = await issuer.sign({ sub: 'eve', organization: { [name]: { ...ours, id: 'org-other' } } });
    expect(await strict.ask(taken, 'GET', '/v1/me')).toMatchObject({ status: 403, json: { code: 'tenant_forbidden' } });
  });

  test('of a tenant that was renamed at the issuer enters the same', async () => {
    const name = fresh('acme');
    const { tenant } = await memberOf(await token('ada', { [name]: ['viewer'] }));
    const renamed = { [fresh('renamed')]: Object.values(organization({ [name]: ['viewer'] }))[0] };
    expect((await me(await issuer.sign({ sub: 'ada', organization: renamed }))).json['tenant']).toBe(tenant);
  });
});

test('a disabled member is refused there and nowhere else, from the next request on', async () => {
  const [acme, globex] = [fresh('acme'), fresh('globex')];
  const text = await token('bob', { [acme]: ['admin'], [globex]: ['viewer'] });
  const { tenant, id } = await memberOf(text, into(acme));
  const { members } = server.api.ports;
  await members.update({ tenant }, id, { roles: [], disabled: true });
  expect(await me(text, into(acme))).toMatchObject({ status: 403, json: { code: 'member_disabled' } });
  expect((await me(text, into(globex))).status).toBe(200);
  // A further token changes nothing.
  expect((await me(await token('bob', { [acme]: ['admin'] }))).status).toBe(403);
  await members.update({ tenant }, id, { roles: ['auditor'], disabled: false });
  expect(rolesOf(await me(text, into(acme)))).toContain('auditor');
});

test('nobody enters a suspended tenant', async () => {
  const [acme, globex] = [fresh('acme'), fresh('globex')];
  const text = await token('bob', { [acme]: ['admin'], [globex]: ['viewer'] });
  const { tenant } = await memberOf(text, into(acme));
  await suspendTenant(server.api.ports, who, tenant, null);
  expect(await me(text, into(acme))).toMatchObject({ status: 403, json: { code: 'tenant_suspended' } });
  expect((await me(text, into(globex))).status).toBe(200);
  await resumeTenant(server.api.ports, who, tenant);
  expect((await me(text, into(acme))).status).toBe(200);
});

test('a tenant that was erased is another one when its organization comes again', async () => {
  const name = fresh('acme');
  const text = await token('ada', { [name]: ['admin'] });
  const { tenant } = await memberOf(text);
  await server.ask(text, 'POST', '/v1/agents', { name: 'writer' });
  await deleteTenant(server.api.ports, who, tenant, 0);
  // Until it is gone, nobody enters.
  await expect.poll(() => server.api.ports.tenants.get({ tenant }), soon).toBeNull();
  expect(await server.api.ports.tenants.rests({ tenant })).toEqual({});
  const again = await memberOf(text);
  expect(again.tenant).not.toBe(tenant);
  expect((await server.ask(text, 'GET', '/v1/agents')).json['items']).toEqual([]);
});

describe('an open stream', () => {
  /** Of a run that waits for an answer; `ended` has its text, and when. */
  async function opened(text: string, headers: Record<string, string>) {
    const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] };
    await server.ask(text, 'POST', '/v1/agents', scribe('asker', 1, asks), headers);
    const started = await server.ask(text, 'POST', '/v1/runs', { agent: 'asker' }, headers);
    const path = `/v1/runs/${String(started.json['id'])}`;
    await expect
      .poll(async () => (await server.ask(text, 'GET', path, undefined, headers)).json['status'], soon)
      .toBe('waiting');
    return {
      follow: async (other: string, more: Record<string, string> = headers) => {
        const response = await fetch(`${server.url}${path}/events`, {
          headers: { authorization: `Bearer ${other}`, accept: 'text/event-stream', ...more },
        });
        expect(response.status).toBe(200);
        const ended = response.text().then((body) => ({ body, at: Date.now() }));
        return { ended };
      },
    };
  }
  const cut = /event: cut\ndata: \{"reason":"denied"[^\n]*\n\n$/;

  test('ends with its token, and one of a longer token goes on', async () => {
    const acme = fresh('acme');
    const long = await token('ada', { [acme]: ['builder'] });
    const run = await opened(long, {});
    const exp = seconds() + 3;
    const { ended } = await run.follow(await token('ada', { [acme]: ['builder'] }, { exp }));
    let other = false;
    const longer = (await run.follow(long)).ended.then(() => (other = true));
    const { body, at } = await ended;
    expect(body).toMatch(cut);
    console.log(`a stream ended ${at - exp * 1_000} ms after the exp of its token`);
    expect(at).toBeGreaterThanOrEqual(exp * 1_000 - 100);
    // Not by the look at open streams, which allows for clocks that differ.
    expect(at).toBeLessThan(exp * 1_000 + 20_000);
    expect(other).toBe(false);
    void longer;
  });

  test.each<[string, (tenant: string, id: string) => Promise<unknown>]>([
    [
      'the member is disabled',
      (tenant, id) => server.api.ports.members.update({ tenant }, id, { roles: [], disabled: true }),
    ],
    ['the tenant is suspended', (tenant) => suspendTenant(server.api.ports, who, tenant, null)],
  ])('ends within 5 s when %s', async (_what, end) => {
    const [acme, globex] = [fresh('acme'), fresh('globex')];
    const text = await token('ada', { [acme]: ['builder'], [globex]: ['builder'] });
    const { tenant, id } = await memberOf(text, into(acme));
    const { ended } = await (await opened(text, into(acme))).follow(text);
    let other = false;
    const elsewhere = (await (await opened(text, into(globex))).follow(text)).ended.then(() => (other = true));
    const began = Date.now();
    await end(tenant, id);
    const { body, at } = await ended;
    expect(body).toMatch(cut);
    console.log(`it ended after ${at - began} ms`);
    expect(at - began).toBeLessThan(WITHIN_MS);
    expect(other).toBe(false);
    void elsewhere;
  });
});

describe('the edge, which asks whether credentials are good', () => {
  const verify = (text: string | null, headers: Record<string, string> = {}): Promise<Answer> =>
    strict.ask(text, 'GET', '/auth/verify', undefined, headers);

  test('hears that and nothing more, of tokens and of keys, whatever their bearers may do', async () => {
    const tenant = fresh('unmade');
    const { id, key } = await strict.tenant(fresh('acme'));
    const good = [key, await strict.key(id, []), await token('ada', { [tenant]: ['admin'] }), await token('erin', {})];
    for (const text of good) {
      const answer = await verify(text);
      expect([answer.status, answer.text]).toEqual([204, '']);
      const names = [...answer.headers.keys()].join(' ');
      expect(names).not.toMatch(/tenant|role|subject|user|ratelimit/);
    }
    const bad = [null, 'nonsense', `${key.slice(0, -4)}0000`, await issuer.sign({ exp: seconds() - 60 })];
    const told = await Promise.all(bad.map((text) => verify(text)));
    expect(told.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    const bodies = told.map(({ json: { request_id: _id, ...rest } }) => JSON.stringify(rest));
    expect(new Set(bodies).size).toBe(1);
    expect(told[0]?.headers.get('www-authenticate')).toBe('Bearer');
    const expired = await strict.key(id, ['viewer'], Date.now() - 1);
    expect(await verify(expired)).toMatchObject({ status: 401, json: { code: 'key_expired' } });
  });

  test('makes no tenant and no member by asking, and is told which token was refused and from where', async () => {
    const tenant = fresh('acme');
    const text = await token('frank', { [tenant]: ['admin'] });
    const ask = (path: string) => server.ask(text, 'GET', path);
    expect((await ask('/auth/verify')).status).toBe(204);
    expect(await tenantNamed(server, tenant)).toBeNull();
    expect((await ask('/v1/me')).status).toBe(200);
    expect(await tenantNamed(server, tenant)).not.toBeNull();
    await server.ask(await issuer.sign({ aud: fresh('another') }), 'GET', '/auth/verify');
    const [line] = await server.api.ports.platformAudit.list(null, 1);
    expect(line?.operation).toBe('tokens.refuse');
    expect(line?.line).toContain('/auth/verify');
  });
});

describe('the edge, which asks whether somebody may see the engine’s own pages', () => {
  /** As a browser asks for a page, and an edge tells of it. */
  const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'x-forwarded-uri': '/temporal/x?a=b' };
  const ask = (headers: Record<string, string>, at = strict): Promise<Response> =>
    fetch(`${at.url}/auth/verify/engine`, { headers, redirect: 'manual' });
  const bearing = (text: string) => ({ authorization: `Bearer ${text}` });

  test('lets a platform admin, whom the platform’s log names then, and nobody else', async () => {
    const answer = await ask({ ...page, ...bearing(await issuer.sign({ ...platformAdmin, sub: 'petra' })) });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    const lines = await strict.api.ports.platformAudit.list(null, 5);
    expect(lines.find(({ operation }) => operation === 'engine.read')?.line).toContain('"petra"');
    const { key } = await strict.tenant(fresh('acme'));
    for (const text of [key, await token('ada', { [fresh('acme')]: ['admin', 'platform-admin'] })]) {
      const refusal = await ask({ ...page, ...bearing(text) });
      expect([refusal.status, await refusal.json()]).toMatchObject([
        403,
        { code: 'forbidden', detail: 'engine.read takes the token of a platform admin.' },
      ]);
    }
  });

  test.each<[string, Record<string, string>]>([
    ['without a session', {}],
    ['with one that is none', { cookie: 'holdfast_session=x' }],
  ])('sends a browser %s to log in, and back', async (_what, headers) => {
    const answer = await ask({ ...page, ...headers });
    expect([answer.status, answer.headers.get('location'), answer.headers.get('cache-control')]).toEqual([
      302,
      `${strict.url}/auth/login?return_to=${encodeURIComponent('/temporal/x?a=b')}`,
      'no-store',
    ]);
  });

  test.each<[string, Record<string, string>, (() => TestServer)?]>([
    ['a program', { accept: '*/*' }],
    ['a script of a page', { accept: 'application/json' }],
    ['whoever brings a bad key, whatever they like to read', bearing('x')],
    ['a browser past the edge', {}, () => server],
  ])('tells %s that they are nobody', async (_who, headers, at = () => strict) => {
    const answer = await ask({ ...page, ...headers }, at());
    expect([answer.status, answer.headers.get('location'), answer.headers.get('www-authenticate')]).toEqual([
      401,
      null,
      'Bearer',
    ]);
  });

  test.each([
    ['another host', '//evil.example'],
    ['another address', 'https://evil.example/'],
    ['what browsers take for one', '/\\evil.example'],
    ['what is too long', `/${'x'.repeat(3_000)}`],
  ])('leads nobody to %s', async (_what, uri) => {
    const answer = await ask({ ...page, 'x-forwarded-uri': uri });
    const login = new URL(answer.headers.get('location') ?? 'none:');
    expect([login.origin, login.pathname, login.searchParams.get('return_to')]).toEqual([
      strict.url,
      '/auth/login',
      uri,
    ]);
    const refusal = await fetch(login, { redirect: 'manual' });
    expect([refusal.status, refusal.headers.get('location')]).toEqual([400, null]);
  });
});
