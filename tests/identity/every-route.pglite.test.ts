import { isPlatformOperation, type Operation, permissions, suspendTenant } from '@holdfast/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entryOf, placeholders } from '../e2e/support/bad-requests.ts';
import { type DocumentedOperation, documentedOperations } from '../e2e/support/documented-operations.ts';
import { filled } from '../e2e/support/furnished-tenant.ts';
import { goodBodies, goodQueries } from '../e2e/support/good-bodies.ts';
import { type Answer, startServer, type TestServer } from '../e2e/support/server.ts';
import { seconds, startIssuer, type TestIssuer } from './support/issuer.ts';

/** Every operation inside of a tenant, with tokens that do not let in; `tests/security` does the same with API keys. */
const isInTenant = (id: string): id is Operation => id in permissions && !isPlatformOperation(id);
const operations = documentedOperations.filter(({ id }) => isInTenant(id));

let issuer: TestIssuer;
let elsewhere: TestIssuer;
let server: TestServer;
let asked = 0;

/** In tenants, with roles. */
const member = (sub: string, tenants: Readonly<Record<string, readonly string[]>>) => {
  const entries = Object.entries(tenants).map(([name, roles]) => [
    name,
    { id: `org-${name}`, resource_access: { holdfast: { roles } } },
  ]);
  return issuer.sign({ sub, organization: Object.fromEntries(entries) as unknown });
};
const everyRole = ['viewer', 'operator', 'builder', 'auditor', 'admin'];

interface Bearer {
  readonly token: () => Promise<string>;
  readonly tenant?: string;
  readonly refusal: readonly [status: number, code: string];
}

const bearers: Readonly<Record<string, Bearer>> = {
  'whose token has expired': {
    token: () => issuer.sign({ iat: seconds() - 600, exp: seconds() - 60 }),
    refusal: [401, 'unauthenticated'],
  },
  'with an ID token': { token: () => issuer.sign({ typ: 'ID' }), refusal: [401, 'unauthenticated'] },
  'with a token of another issuer': { token: () => elsewhere.sign(), refusal: [401, 'unauthenticated'] },
  'in no tenant': { token: () => member('erin', {}), refusal: [403, 'tenant_forbidden'] },
  'in two tenants who chooses none': {
    token: () => member('carol', { acme: everyRole, globex: everyRole }),
    refusal: [400, 'tenant_required'],
  },
  'who chooses a tenant of others': {
    token: () => member('carol', { globex: everyRole }),
    tenant: 'acme',
    refusal: [403, 'tenant_forbidden'],
  },
  'who is disabled': { token: () => member('mallory', { acme: everyRole }), refusal: [403, 'member_disabled'] },
  'of a suspended tenant': { token: () => member('dave', { stopped: everyRole }), refusal: [403, 'tenant_suspended'] },
  'without a role': { token: () => member('bob', { acme: [] }), refusal: [403, 'forbidden'] },
};

beforeAll(async () => {
  [issuer, elsewhere] = await Promise.all([startIssuer(), startIssuer()]);
  server = await startServer('pglite://memory', {
    worker: false,
    environment: { OIDC_ISSUER: issuer.url, OIDC_PROVISION: 'on' },
  });
  const me = async (token: string) => (await server.ask(token, 'GET', '/v1/me')).json;
  const mallory = await me(await member('mallory', { acme: everyRole }));
  const stopped = await me(await member('dave', { stopped: everyRole }));
  const { ports } = server.api;
  const scope = { tenant: String(mallory['tenant']) };
  await ports.members.update(scope, String(Object(mallory['by']).id), { roles: [], disabled: true });
  const who = { by: { type: 'system' as const, id: 'test', roles: [] }, requestId: 'r' };
  await suspendTenant(ports, who, String(stopped['tenant']), null);
});
afterAll(async () => {
  // oxlint-disable-next-line eslint/no-console
  console.info(`route × token: ${operations.length} routes, ${asked} cases`);
  await server.close();
  await Promise.all([issuer.close(), elsewhere.close()]);
});

/** As good a request as there is, about what is not there. */
function ask(operation: DocumentedOperation, token: string, tenant: string | undefined): Promise<Answer> {
  asked += 1;
  const names = Object.fromEntries(operation.inPath.map((name) => [name, placeholders[name]?.unknown ?? '']));
  const path = `${filled(operation.path, names)}${goodQueries[operation.id] ?? ''}`;
  const body = operation.takes.length === 0 ? undefined : entryOf(goodBodies, operation.id, operation);
  return server.ask(token, operation.method, path, body, tenant === undefined ? {} : { 'holdfast-tenant': tenant });
}

test.each(Object.entries(bearers))('nobody %s gets anywhere', async (_who, { token, tenant, refusal }) => {
  const text = await token();
  for (const operation of operations) {
    const { status, json } = await ask(operation, text, tenant);
    expect([operation.id, status, json['code']]).toEqual([operation.id, ...refusal]);
  }
});

test('whoever is good gets everywhere', async () => {
  const text = await member('alice', { acme: everyRole, globex: everyRole });
  for (const operation of operations) {
    const { status } = await ask(operation, text, 'acme');
    expect([operation.id, [401, 403].includes(status)]).toEqual([operation.id, false]);
  }
});
