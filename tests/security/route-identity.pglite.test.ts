import { routes } from '@holdfast/api';
import type { Role } from '@holdfast/contracts';
import {
  isPlatformOperation,
  mayDo,
  type Operation,
  parseKey,
  permissions,
  platformPermissions,
  rolesFor,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryOf, mayMiss, placeholders } from '../e2e/support/bad-requests.ts';
import { type DocumentedOperation, documentedOperations } from '../e2e/support/documented-operations.ts';
import { filled, furnish, type Names } from '../e2e/support/furnished-tenant.ts';
import { goodBodies, goodQueries } from '../e2e/support/good-bodies.ts';
import { type Answer, startServer, type TestServer } from '../e2e/support/server.ts';
import { platformAdmin, seconds, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';

/** Every operation of the API document, tried as everybody who may not. */
const isOperation = (id: string): id is Operation => id in permissions;
const guarded = documentedOperations.flatMap((operation) =>
  isOperation(operation.id) ? [{ ...operation, id: operation.id }] : [],
);
const above = documentedOperations.filter(({ id }) => isPlatformOperation(id));
const openPaths = ['/healthz', '/readyz', '/metrics', '/v1/login-options'];
/** By which people come in: open, too, and tried where they log in. */
const loginPaths = [
  '/auth/backchannel-logout',
  '/auth/callback',
  '/auth/login',
  '/auth/logout',
  '/auth/session',
  '/auth/verify',
  '/signed-out',
];

const roles: readonly Role[] = ['viewer', 'operator', 'builder', 'auditor', 'admin'];
const WORD = 'xylophone';
const UNKNOWN = '01920000-0000-7000-8000-000000000000';

interface Tenant {
  readonly id: string;
  readonly key: string;
  readonly names: Names;
}

let issuer: TestIssuer;
let server: TestServer;
/** Has one of everything, and is never asked by its own. */
let victim: Tenant;
let attacker: Tenant;
/** Whose members try what they may not. */
let house: Tenant;
let suspended: Tenant;
const keys: Record<string, string> = {};
/** By whose they are. */
const tokens: Record<string, string> = {};
let asked = 0;
let leaks = 0;

beforeAll(async () => {
  issuer = await startIssuer();
  server = await startServer('pglite://memory', { environment: { OIDC_ISSUER: issuer.url } });
  victim = await furnish(server, 'victim', WORD);
  attacker = await furnish(server, 'attacker', 'asker');
  const furnished = await server.tenant('house');
  house = { ...furnished, names: victim.names };
  for (const role of roles) keys[role] = await server.key(house.id, [role]);
  keys['expired'] = await server.key(house.id, ['admin'], 1);
  keys['revoked'] = await server.key(house.id, ['admin']);
  expect((await server.ask(house.key, 'DELETE', `/v1/api-keys/${parseKey(keys['revoked'])?.id}`)).status).toBe(204);
  suspended = { ...(await server.tenant('suspended')), names: victim.names };
  await server.database.connections.lend((sql) =>
    sql.query('update holdfast.tenants set suspended_at = 1 where id = $1', [suspended.id]),
  );
  await signTokens();
}, 120_000);

const LATER = { exp: seconds() + 3_600 };
const inTenants = (...named: readonly (readonly [tenant: string, roles: readonly string[]])[]) => ({
  organization: Object.fromEntries(
    named.map(([tenant, held]) => [tenant, { id: `org ${tenant}`, resource_access: { holdfast: { roles: held } } }]),
  ),
});

async function signTokens(): Promise<void> {
  const sign = async (who: string, claims: object): Promise<void> => {
    tokens[who] = await issuer.sign({ sub: who, ...LATER, ...claims });
  };
  for (const role of roles) await sign(role, inTenants(['house', [role]]));
  await sign('attacker', inTenants(['attacker', ['admin']]));
  await sign('roleless', inTenants(['house', []]));
  await sign('of-nobody', inTenants());
  await sign('of-none-here', inTenants(['nowhere', ['admin']]));
  await sign('suspended', inTenants(['suspended', ['admin']]));
  await sign('in-two', inTenants(['house', ['admin']], ['attacker', ['admin']]));
  await sign('platform', platformAdmin);
  // Where nobody looks for it.
  await sign('platform-in-tenant', inTenants(['house', ['platform-admin', 'admin']]));
  await sign('platform-elsewhere', {
    ...inTenants(['house', ['admin']]),
    roles: ['platform-admin'],
    groups: ['/platform-admin'],
    resource_access: { holdfast: { roles: ['platform-admin'] } },
  });
  for (const [who, claims] of [
    ['', inTenants(['house', ['admin']])],
    ['platform-', platformAdmin],
  ] as const) {
    await sign(`${who}expired`, { ...claims, iat: seconds() - 600, exp: seconds() - 60 });
    await sign(`${who}id-token`, { ...claims, typ: 'ID', nonce: 'n', at_hash: 'h' });
    await sign(`${who}other-audience`, { ...claims, aud: 'other' });
  }
  await sign('disabled', inTenants(['house', ['admin']]));
  const member = (await server.ask(tokens['disabled'] ?? '', 'GET', '/v1/me')).json['by'] as { id: string };
  const change = { roles: [], disabled: true };
  expect((await server.ask(house.key, 'PUT', `/v1/members/${member.id}`, change)).status).toBe(200);
}
afterAll(async () => {
  // oxlint-disable-next-line eslint/no-console
  console.info(
    `route × identity: ${documentedOperations.length} routes (${above.length} above all tenants), ${asked} cases, ${leaks} leaks`,
  );
  await server.close();
  await issuer.close();
});

/** As good a request as there is: what is refused is refused for who asks. */
function ask(
  operation: DocumentedOperation,
  key: string | null,
  names: Names,
  over: { readonly query?: string; readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  asked += 1;
  const body = operation.takes.length === 0 ? undefined : (over.body ?? entryOf(goodBodies, operation.id, operation));
  const path = `${filled(operation.path, names)}${over.query ?? goodQueries[operation.id] ?? ''}`;
  return server.ask(key, operation.method, path, body, over.headers);
}

const choosing = (tenant: string) => ({ 'holdfast-tenant': tenant });

const named = (list: readonly DocumentedOperation[]) => list.map((operation) => [operation.id, operation] as const);

/** What must not tell one answer from another: all of it, but for what differs from request to request. */
function visible({ status, text, headers }: Answer, hidden: readonly string[]): object {
  const loose = ['date', 'x-request-id', 'content-length', 'keep-alive', 'connection'];
  const clean = (value: string): string =>
    hidden
      .reduce((whole, each) => (each === '' ? whole : whole.replaceAll(new RegExp(`\\b${each}\\b`, 'g'), '…')), value)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '')
      .replaceAll(/"request_id":"[^"]*"/g, '');
  const told = [...headers].filter(([name]) => !loose.includes(name)).map(([name, value]) => [name, clean(value)]);
  return { status, text: clean(text), headers: told };
}

function hideNothingFrom(their: Answer, none: Answer, hidden: readonly string[]): void {
  const [seen, wanted] = [visible(their, hidden), visible(none, hidden)];
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) leaks += 1;
  expect(seen).toEqual(wanted);
}

test('every operation of the document is in the table, and every operation of the permissions in the document', () => {
  const others = documentedOperations.filter(({ id }) => !isOperation(id) && !isPlatformOperation(id));
  expect(others.map(({ path }) => path).toSorted()).toEqual([...openPaths, ...loginPaths].toSorted());
  expect(guarded.map(({ id }) => id).toSorted()).toEqual(Object.keys(permissions).toSorted());
  expect(above.map(({ id }) => id).toSorted()).toEqual(Object.keys(platformPermissions).toSorted());
  expect(routes.filter(({ operation }) => operation !== null)).toHaveLength(guarded.length + above.length);
});

test.each(openPaths)('%s is open', async (path) => {
  asked += 1;
  expect((await server.ask(null, 'GET', path)).status).toBe(200);
});

describe.each(named([...guarded, ...above]))('%s', (_id, operation) => {
  test('nobody, and whoever brings no key', async () => {
    const { names } = house;
    const nobody = await ask(operation, null, names);
    expect(nobody).toMatchObject({ status: 401, type: 'application/problem+json', json: { code: 'unauthenticated' } });
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
    const parts = /^hf_(\w{32})_(\w{32})_(\w{64})$/.exec(house.key)?.slice(1) ?? [];
    const [tenant = '', id = '', secret = ''] = parts;
    const other = /^hf_(\w{32})_/.exec(attacker.key)?.[1] ?? '';
    const zero = (text: string): string => '0'.repeat(text.length);
    const wrong = [
      'x',
      `hf_${zero(tenant)}_${zero(id)}_${zero(secret)}`,
      `hf_${tenant}_${zero(id)}_${secret}`,
      `hf_${tenant}_${id}_${zero(secret)}`,
      // A good key, said to be of another tenant.
      `hf_${other}_${id}_${secret}`,
      `${house.key}0`,
    ];
    for (const key of wrong) hideNothingFrom(await ask(operation, key, names), nobody, []);
    const basic = { authorization: `Basic ${Buffer.from(`x:${house.key}`).toString('base64')}` };
    hideNothingFrom(await ask(operation, null, names, { headers: basic }), nobody, []);
  });

  test.each(['expired', 'revoked'])('a key that is %s', async (which) => {
    const answer = await ask(operation, keys[which] ?? '', house.names);
    expect(answer).toMatchObject({ status: 401, json: { code: 'key_expired' } });
  });

  test('a key of a suspended tenant', async () => {
    const refusal = { status: 403, json: { code: 'tenant_suspended' } };
    expect(await ask(operation, suspended.key, suspended.names)).toMatchObject(refusal);
  });

  test('a token that is expired, for somebody else, or none for this, is like none', async () => {
    const nobody = await ask(operation, null, house.names);
    for (const which of ['expired', 'id-token', 'other-audience'])
      for (const token of [tokens[which], tokens[`platform-${which}`]])
        hideNothingFrom(await ask(operation, token ?? '', house.names), nobody, []);
  });
});

describe.each(named(above))('%s', (_id, operation) => {
  const forbidden = { status: 403, type: 'application/problem+json', json: { code: 'forbidden' } };
  const none = { tenant: UNKNOWN };
  const everybody: readonly (readonly [who: string, credential: () => string | undefined])[] = [
    ...roles.map((role) => [`${role} by key`, () => keys[role]] as const),
    ...[...roles, 'attacker', 'roleless', 'of-nobody', 'of-none-here', 'suspended', 'disabled', 'in-two'].map(
      (who) => [`${who} by token`, () => tokens[who]] as const,
    ),
    ...['platform-in-tenant', 'platform-elsewhere'].map((who) => [`a token ${who}`, () => tokens[who]] as const),
  ];

  test.each(everybody)('as %s', async (_who, credential) => {
    const at = (tenant: string) => ask(operation, credential() ?? '', { tenant });
    const answer = await at(victim.id);
    expect(answer).toMatchObject(forbidden);
    // Whether there is such a tenant, they are not told.
    if (operation.inPath.length > 0) hideNothingFrom(answer, await at(UNKNOWN), []);
  });

  test('as a platform admin, who may', async () => {
    const { status } = await ask(operation, tokens['platform'] ?? '', none);
    expect([401, 403]).not.toContain(status);
    expect(status === 404).toBe(operation.inPath.length > 0);
  });
});

describe.each(named(guarded))('%s', (_id, operation) => {
  test('a token of another tenant, which of all others is told the same', async () => {
    const at = (tenant: string) =>
      ask(operation, tokens['attacker'] ?? '', victim.names, { headers: choosing(tenant) });
    const none = await at('nowhere');
    expect(none).toMatchObject({ status: 403, json: { code: 'tenant_forbidden', tenants: ['attacker'] } });
    for (const other of [victim.id, 'victim', house.id, 'suspended']) hideNothingFrom(await at(other), none, []);
    const inPath = { ...operation, path: `/t/victim${operation.path}` };
    hideNothingFrom(await ask(inPath, tokens['attacker'] ?? '', victim.names), none, []);
  });

  test.each([
    ['roleless', 'forbidden'],
    ['of-nobody', 'tenant_forbidden'],
    ['of-none-here', 'tenant_forbidden'],
    ['platform', 'tenant_forbidden'],
    ['suspended', 'tenant_suspended'],
    ['disabled', 'member_disabled'],
    ['in-two', 'tenant_required'],
  ])('a good token %s: %s', async (who, code) => {
    const answer = await ask(operation, tokens[who] ?? '', house.names);
    expect(answer).toMatchObject({ type: 'application/problem+json', json: { code } });
    expect([400, 403]).toContain(answer.status);
  });

  test('a platform admin is nobody in any tenant that they name', async () => {
    const at = (tenant: string) => ask(operation, tokens['platform'] ?? '', house.names, { headers: choosing(tenant) });
    for (const tenant of [house.id, 'house', 'nowhere'])
      expect(await at(tenant)).toMatchObject({ status: 403, json: { code: 'tenant_forbidden' } });
  });

  test.each(roles.filter((role) => isOperation(operation.id) && !mayDo([role], operation.id)))(
    'as %s, whose role does not allow it',
    async (role) => {
      for (const credential of [keys[role], tokens[role]]) {
        const answer = await ask(operation, credential ?? '', house.names);
        expect(answer).toMatchObject({ status: 403, type: 'application/problem+json', json: { code: 'forbidden' } });
        const needed = isOperation(operation.id) ? rolesFor(operation.id).join(' or ') : '';
        expect(answer.json['detail']).toContain(`${operation.id}, which takes ${needed}.`);
      }
    },
  );

  test.each(roles.filter((role) => isOperation(operation.id) && mayDo([role], operation.id)))(
    'as %s, who may',
    async (role) => {
      // Of what is not there, so that nothing is used up.
      const names = Object.fromEntries(operation.inPath.map((name) => [name, placeholders[name]?.unknown ?? '']));
      for (const credential of [keys[role], tokens[role]])
        expect([401, 403]).not.toContain((await ask(operation, credential ?? '', names)).status);
    },
  );

  const foreign = operation.inPath.filter((name) => mayMiss(operation, name));
  test.each(foreign)("{%s} of another tenant's is like one that is not there", async (name) => {
    const { unknown } = entryOf(placeholders, name, operation);
    const known = victim.names[name] ?? '';
    const streams = operation.id === 'runs.events' ? [undefined, { accept: 'text/event-stream' }] : [undefined];
    // Below what is theirs, and below what is ours, where the name is not one that we have, too.
    const bases = [victim.names, ...(attacker.names[name] === known ? [] : [attacker.names])];
    for (const base of bases)
      for (const [credential, headers] of streams.flatMap((each) =>
        [attacker.key, tokens['attacker'] ?? ''].map((credential) => [credential, each] as const),
      )) {
        const at = (value: string) =>
          ask(operation, credential, { ...base, [name]: value }, headers === undefined ? {} : { headers });
        const [their, none] = [await at(known), await at(unknown)];
        expect(their.status).toBe(404);
        hideNothingFrom(their, none, [known, unknown]);
      }
  });

  if (operation.inPath.length > 0) return;

  const asking = operation.inQuery.filter((name) => ['agent', 'run', 'thread', 'parent', 'schedule'].includes(name));
  test.each(asking)('?%s= of another tenant finds nothing', async (name) => {
    const known = victim.names[name === 'parent' ? 'run' : name] ?? '';
    const unknown = name === 'agent' ? 'nobody' : UNKNOWN;
    const at = (value: string) => ask(operation, attacker.key, {}, { query: `?${name}=${value}` });
    hideNothingFrom(await at(known), await at(unknown), [known, unknown]);
  });

  test.each(['GET'].filter((method) => method === operation.method))('%s shows another tenant nothing', async () => {
    for (const credential of [attacker.key, tokens['attacker'] ?? '']) {
      const answer = await ask(operation, credential, {});
      expect(answer.status).toBe(200);
      // What others may call the same.
      const { alias: _alias, number: _number, ref: _ref, digest: _digest, ...own } = victim.names;
      const shown = [...Object.values(own), victim.id, 'victim'].filter((name) => answer.text.includes(name));
      leaks += shown.length;
      expect(shown).toEqual([]);
    }
  });
});

/** Bodies that name what is another tenant's, and the same with what is not there. */
const inBodies: readonly [Operation, (names: Names) => unknown][] = [
  ['runs.start', ({ agent }) => ({ agent })],
  ['runs.start', ({ thread }) => ({ agent: 'asker', thread })],
  ['schedules.create', ({ agent }) => ({ ...Object(goodBodies['schedules.create']), agent })],
  ['bulk.start', ({ agent }) => ({ operation: 'cancel', filter: { agent } })],
  ['agents.publish', ({ name }) => ({ name: 'reaches', tools: [{ http: name }] })],
  ['agents.publish', ({ agent }) => ({ name: 'reaches', tools: [{ agent }] })],
  ['tools.put', ({ name }) => ({ ...Object(goodBodies['tools.put']), headers: { x: `secret://${name}` } })],
];

test.each(inBodies)('%s: a body that names what is theirs', async (id, bodyOf) => {
  const operation = guarded.find((each) => each.id === id);
  if (operation === undefined) throw new Error(`there is no ${id}`);
  const none = Object.fromEntries(Object.keys(victim.names).map((name) => [name, placeholders[name]?.unknown ?? '']));
  const at = (names: Names) =>
    ask(operation, attacker.key, { ...attacker.names, name: 'new' }, { body: bodyOf(names) });
  const [their, missing] = [await at(victim.names), await at(none)];
  if (id === 'bulk.start') {
    // It is taken, and finds nothing.
    const path = `/v1/bulk/${String(their.json['id'])}`;
    const seen = async () => (await server.ask(attacker.key, 'GET', path)).json;
    await expect.poll(async () => (await seen())['status'], { timeout: 20_000 }).not.toMatch(/counting|running/);
    expect(JSON.stringify(await seen())).not.toContain(victim.names['run']);
    return;
  }
  expect(their.json['code']).toMatch(/_(not_found|unknown)$/);
  const used = ['agent', 'thread', 'name'].flatMap((name) => [victim.names[name] ?? '', none[name] ?? '']);
  hideNothingFrom(their, missing, used);
});

test('what has a name is made for oneself, and theirs stays as it was', async () => {
  const state = async () =>
    Promise.all(
      ['/v1/agents', '/v1/secrets', '/v1/tools', '/v1/runs', '/v1/threads', '/v1/schedules', '/v1/webhooks', '/v1/bulk']
        .concat(`/v1/tools/${WORD}`, `/v1/runs/${victim.names['run']}/events`, '/v1/retention', '/v1/attention')
        .map(async (path) => (await server.ask(victim.key, 'GET', path)).text),
    );
  const before = await state();
  expect((await server.ask(attacker.key, 'PUT', `/v1/secrets/${WORD}`, { value: 'ours' })).status).toBe(200);
  const tool = await server.ask(attacker.key, 'PUT', `/v1/tools/${WORD}`, goodBodies['tools.put']);
  expect(tool).toMatchObject({ status: 200 });
  expect((await server.ask(attacker.key, 'POST', '/v1/agents', { name: WORD })).status).toBe(201);
  expect((await server.ask(attacker.key, 'PUT', `/v1/agents/${WORD}/aliases/mine`, { version: 1 })).status).toBe(200);
  asked += 4;
  const deleted = await server.ask(attacker.key, 'DELETE', `/v1/secrets/${WORD}`);
  expect(deleted.status).toBe(204);
  expect(await state()).toEqual(before);
  // Nothing of all that was asked of them is theirs to audit.
  const audit = (await server.ask(victim.key, 'GET', '/v1/audit?limit=200')).text;
  expect(audit).not.toContain(parseKey(attacker.key)?.id ?? 'a key');
});
