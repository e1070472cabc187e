import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
  ({ id: tenant, key } = await server.tenant('mine'));
});
afterAll(() => server.close());

const set = (name: string, value: string, headers?: Record<string, string>) =>
  server.ask(key, 'PUT', `/v1/secrets/${name}`, { value }, headers);

describe('secrets', () => {
  test('are set, listed and deleted, and never shown', async () => {
    const made = await set('shown-never', 'value-one');
    expect(made).toMatchObject({ status: 200, json: { name: 'shown-never', version: 1 } });
    expect(made.headers.get('etag')).toBe('"1"');
    expect(made.text).not.toContain('value-one');
    expect((await set('shown-never', 'value-two')).json['version']).toBe(2);
    const list = await server.ask(key, 'GET', '/v1/secrets');
    expect(list.json['items']).toEqual([
      { name: 'shown-never', version: 2, created_at: expect.any(String), updated_at: expect.any(String) },
    ]);
    expect(list.text).not.toContain('value-');
    const gone = await server.ask(key, 'DELETE', '/v1/secrets/shown-never');
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(await server.ask(key, 'DELETE', '/v1/secrets/shown-never')).toMatchObject({
      status: 404,
      json: { code: 'secret_not_found' },
    });
  });

  test('lie sealed in the database', async () => {
    await set('sealed', 'value-sealed');
    const rows = await server.database.connections.lend((sql) =>
      sql.query(`select * from holdfast.secrets where name = 'sealed'`),
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('value-sealed');
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('value-sealed').toString('base64'));
  });

  test('are changed only at the version that If-Match names', async () => {
    await set('counted', 'value');
    for (const headers of [{ 'if-match': '"2"' }, { 'if-match': '"0"' }])
      expect(await set('counted', 'other', headers)).toMatchObject({ status: 412, json: { code: 'etag_mismatch' } });
    expect((await set('counted', 'other', { 'if-match': '"1"' })).json['version']).toBe(2);
    expect((await set('counted', 'other', { 'if-match': '*' })).json['version']).toBe(3);
    expect((await set('not-there', 'other', { 'if-match': '*' })).status).toBe(412);
    const stale = await server.ask(key, 'DELETE', '/v1/secrets/counted', undefined, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, json: { code: 'etag_mismatch' } });
  });

  test('leave no hash of their value behind an Idempotency-Key', async () => {
    await set('hashed', 'value', { 'idempotency-key': 'k1' });
    const rows = await server.database.connections.lend((sql) => sql.query('select * from holdfast.idempotency_keys'));
    expect(rows).toEqual([]);
  });

  test('that were tampered with are told by name, never as a fault of ours', async () => {
    await set('tampered', 'value');
    const { cipher, secrets } = server.api.ports;
    await server.database.connections.lend((sql) =>
      sql.query(`update holdfast.secrets set version = 7 where name = 'tampered'`),
    );
    const [row] = await secrets.read({ tenant }, ['tampered']);
    if (row === undefined) throw new Error('it is gone');
    expect(() => cipher.open({ ...row, tenant }, row)).toThrow(/tampered is not what was sealed/);
  });
});
