import { type MemberSettings, updateMember } from '@holdfast/core';
import { Holdfast } from '@holdfast/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newMember } from './support/new-member.ts';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
});
afterAll(() => server.close());

let count = 0;
async function tenant(): Promise<{ id: string; key: string; client: Holdfast }> {
  count += 1;
  const { id, key } = await server.tenant(`tenant ${count}`);
  return { id, key, client: new Holdfast({ url: server.url, key, validate: true }) };
}

test('members are listed in pages, read, and changed as the version that was read', async () => {
  const { id, key, client } = await tenant();
  const made = [await newMember(server, id), await newMember(server, id), await newMember(server, id)].toSorted();
  const first = await client.members.list({ limit: 2 }).page();
  const second = await client.members.list({ limit: 2, cursor: first.next_cursor ?? '' }).page();
  expect([...first.items, ...second.items].map((member) => member.id)).toEqual(made);
  const [one = ''] = made;
  const path = `/v1/members/${one}`;
  const { headers } = await server.ask(key, 'GET', path);
  const ifMatch = headers.get('etag') ?? '';
  const changed = await client.members.update(one, { roles: ['operator', 'operator'] }, { ifMatch });
  expect(changed).toMatchObject({ id: one, name: 'Ada', roles: ['operator'], disabled_at: null });
  const again = client.members.update(one, { roles: [] }, { ifMatch });
  await expect(again).rejects.toMatchObject({ code: 'etag_mismatch' });
  const disabled = await client.members.update(one, { roles: ['operator'], disabled: true });
  expect(disabled.disabled_at).not.toBeNull();
  expect(await client.members.update(one, { roles: ['viewer'], disabled: true })).toEqual({
    ...disabled,
    roles: ['viewer'],
  });
  expect((await client.members.update(one, { roles: [] })).disabled_at).toBeNull();
});

test('nobody but admins changes them, and auditors see them', async () => {
  const { id } = await tenant();
  const member = await newMember(server, id);
  for (const [role, read] of [
    ['auditor', 200],
    ['builder', 403],
    ['viewer', 403],
  ] as const) {
    const key = await server.key(id, [role]);
    expect((await server.ask(key, 'GET', `/v1/members/${member}`)).status).toBe(read);
    expect((await server.ask(key, 'PUT', `/v1/members/${member}`, { roles: [] })).status).toBe(403);
  }
});

test('the last who can administer the tenant stays', async () => {
  const { id, key } = await tenant();
  const [ada, bob] = [await newMember(server, id, ['admin']), await newMember(server, id, ['admin'])];
  const ports = server.api.ports;
  const scope = { tenant: id };
  const caller = { ...scope, by: { type: 'person' as const, id: ada, roles: ['admin' as const] } };
  const set = (member: string, settings: MemberSettings) =>
    ports.transactions.run(scope, ({ members }) =>
      updateMember(members, caller, member, settings, ports.clock.now(), () => true),
    );
  const nothing = { roles: [], disabled: false };
  const put = (member: string, body: object) => server.ask(key, 'PUT', `/v1/members/${member}`, body);
  // A key is good: both may go.
  expect((await put(ada, { roles: [] })).status).toBe(200);
  expect((await put(bob, { roles: [] })).status).toBe(200);
  for (const member of [ada, bob]) await put(member, { roles: ['admin'] });
  // From now on these two are alone.
  await server.database.connections.lend((sql) =>
    sql.query('update holdfast.api_keys set revoked_at = 1 where tenant_id = $1', [id]),
  );
  const outcomes = await Promise.allSettled([set(ada, nothing), set(bob, nothing)]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'last_admin' } });
  const left = (await ports.members.list(scope, null, 10)).find(({ roles }) => roles.includes('admin'));
  for (const settings of [nothing, { roles: ['admin' as const], disabled: true }])
    await expect(set(left?.id ?? '', settings)).rejects.toMatchObject({ code: 'last_admin' });
});

test('nobody gives a role that is not theirs', async () => {
  const { id } = await tenant();
  const member = await newMember(server, id, ['auditor']);
  const caller = { tenant: id, by: { type: 'person' as const, id: 'x', roles: ['builder' as const] } };
  const give = (roles: readonly ('operator' | 'admin' | 'auditor')[]) =>
    server.api.ports.transactions.run({ tenant: id }, ({ members }) =>
      updateMember(members, caller, member, { roles, disabled: false }, 1, () => true),
    );
  await expect(give(['auditor', 'admin'])).rejects.toMatchObject({ code: 'forbidden' });
  // What the member has already is not given.
  expect(await give(['auditor', 'operator'])).toMatchObject({ roles: ['auditor', 'operator'] });
});
