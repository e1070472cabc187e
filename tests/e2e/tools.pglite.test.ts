import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpEffects, type HttpEffects } from './support/http-effects.ts';
import { startServer, type TestServer } from './support/server.ts';

let outside: HttpEffects;
/** Nobody listens there. */
let nowhere: string;
let server: TestServer;
let key: string;
let other: string;

beforeAll(async () => {
  outside = await httpEffects();
  const closed = await httpEffects();
  await closed.close();
  nowhere = `${closed.url}/mcp`;
  server = await startServer('pglite://memory', { environment: { OUTBOUND_ALLOW: '127.0.0.1' } });
  ({ key } = await server.tenant('mine'));
  other = (await server.tenant('other')).key;
});
afterAll(async () => {
  await server.close();
  await outside.close();
});

const request = (more: object = {}): object => ({
  type: 'request',
  description: 'Sends a mail.',
  method: 'POST',
  url: `${outside.url}/mails`,
  input_schema: { type: 'object' },
  ...more,
});
const crm = (): object => ({
  type: 'openapi',
  base_url: outside.url,
  document: {
    openapi: '3.1.0',
    paths: {
      '/customers/{id}': {
        get: {
          operationId: 'getCustomer',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        },
        delete: {
          operationId: 'deleteCustomer',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        },
      },
    },
  },
});
const put = (name: string, body: object, query = '', headers = {}) =>
  server.ask(key, 'PUT', `/v1/tools/${name}${query}`, body, headers);
const publish = (spec: object, query = '') => server.ask(key, 'POST', `/v1/agents${query}`, spec);

async function outputOf(agent: string): Promise<string> {
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent, input: 'go' })).json['id']);
  await server.ask(key, 'GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
  return JSON.stringify((await server.ask(key, 'GET', `/v1/runs/${run}`)).json);
}

describe('the registry', () => {
  it('keeps servers by name, guarded by their ETag', async () => {
    const made = await put('mail', request());
    expect(made).toMatchObject({ status: 200, json: { name: 'mail', type: 'request', url: `${outside.url}/mails` } });
    expect(made.headers.get('etag')).toBe('"1"');
    expect((await put('mail', request(), '', { 'if-match': '"7"' })).json['code']).toBe('etag_mismatch');
    expect((await put('mail', request(), '', { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
    const read = await server.ask(key, 'GET', '/v1/tools/mail');
    expect(read).toMatchObject({ json: { tools: [{ name: 'mail', description: 'Sends a mail.' }], error: null } });
    expect(read.headers.get('etag')).toBe('"2"');
  });

  it('lists them in pages, of one tenant', async () => {
    await put('crm', crm());
    const first = await server.ask(key, 'GET', '/v1/tools?limit=1');
    expect(first.json['items']).toMatchObject([{ name: 'crm' }]);
    const cursor = String(first.json['next_cursor']);
    const second = await server.ask(key, 'GET', `/v1/tools?limit=50&cursor=${cursor}`);
    expect(second.json['items']).toMatchObject([{ name: 'mail' }]);
    expect((await server.ask(other, 'GET', '/v1/tools')).json['items']).toEqual([]);
    expect((await server.ask(other, 'GET', '/v1/tools/crm')).status).toBe(404);
  });

  it('deletes them', async () => {
    await put('gone', request());
    expect((await server.ask(key, 'DELETE', '/v1/tools/gone', undefined, { 'if-match': '"9"' })).status).toBe(412);
    expect((await server.ask(key, 'DELETE', '/v1/tools/gone')).status).toBe(204);
    expect((await server.ask(key, 'DELETE', '/v1/tools/gone')).status).toBe(404);
  });

  it.each<[string, () => object, number, string, string?]>([
    ['an unknown type', () => ({ type: 'soap' }), 422, 'validation_failed', '/type'],
    ['a URL of another scheme', () => request({ url: 'file:///etc/passwd' }), 422, 'validation_failed', '/url'],
    ['an argument as the host', () => request({ url: 'https://{host}/x' }), 422, 'validation_failed', '/url'],
    ['a header of HTTP itself', () => request({ headers: { Host: 'x' } }), 422, 'validation_failed', '/headers/Host'],
    ['a header of two lines', () => request({ headers: { a: 'b\r\nc: d' } }), 422, 'validation_failed', '/headers/a'],
    [
      'a secret that is not there',
      () => request({ headers: { a: 'secret://b' } }),
      422,
      'secret_unknown',
      '/headers/a',
    ],
    ['a document of Swagger 2', () => ({ type: 'openapi', document: { swagger: '2.0' } }), 422, 'tool_invalid'],
    ['a server that nobody runs', () => ({ type: 'mcp', url: nowhere }), 503, 'tool_server_unavailable'],
    ['a private server', () => ({ type: 'mcp', url: 'http://10.0.0.1/mcp' }), 503, 'tool_server_unavailable'],
  ])('refuses %s', async (_, body, status, code, path) => {
    const answer = await put('bad', body());
    expect(answer).toMatchObject({ status, json: { code } });
    if (path !== undefined) expect(answer.json['errors']).toMatchObject([{ path }]);
    expect((await server.ask(key, 'GET', '/v1/tools/bad')).status).toBe(404);
  });

  it('takes a server that does not answer when told to', async () => {
    expect((await put('away', { type: 'mcp', url: nowhere }, '?offline=true')).status).toBe(200);
    const read = await server.ask(key, 'GET', '/v1/tools/away');
    expect(read.json).toMatchObject({ tools: null, error: expect.stringContaining('away') });
    expect((await publish({ name: 'a', tools: [{ mcp: 'away' }] })).json['code']).toBe('tool_server_unavailable');
    expect((await publish({ name: 'a', tools: [{ mcp: 'away' }] }, '?offline=true')).json['code']).toBe(
      'tool_server_unavailable',
    );
  });
});

describe('an agent', () => {
  it('names operations of a document, one or some or all', async () => {
    const names = async (tool: object) => {
      const { json } = await publish({ name: 'clerk', tools: [tool] });
      return (json['tools'] as { name: string }[]).map(({ name }) => name);
    };
    expect(await names({ http: 'crm' })).toEqual(['getCustomer', 'deleteCustomer']);
    expect(await names({ http: 'crm', allow: ['deleteCustomer'] })).toEqual(['deleteCustomer']);
    expect(await names({ http: 'crm.getCustomer' })).toEqual(['getCustomer']);
  });

  it.each<[string, object, string, RegExp]>([
    ['an unknown operation', { http: 'crm.getAll' }, 'tool_unknown', /getCustomer, deleteCustomer/],
    ['an unknown server', { http: 'crn' }, 'tool_server_unknown', /crm/],
    ['a server of another kind', { mcp: 'crm' }, 'tool_server_unknown', /http/],
    ['an operation and a list', { http: 'crm.getCustomer', allow: ['x'] }, 'validation_failed', /not both/],
  ])('that names %s is refused with what there is', async (_, tool, code, detail) => {
    const { json } = await publish({ name: 'clerk', tools: [tool] });
    expect(json).toMatchObject({ code, detail: expect.stringMatching(detail) });
  });

  it('calls an operation, and sees a problem as a result', async () => {
    outside.answer = (response, { path }) =>
      response
        .writeHead(path.endsWith('404') ? 404 : 200, { 'content-type': 'application/json' })
        .end(`{"at":"${path}"}`);
    const call = (id: string) => ({ calls: [{ tool: 'getCustomer', args: { id } }] });
    await publish({
      name: 'clerk',
      tools: [{ http: 'crm.getCustomer', effect: 'read' }],
      rehearsal: [call('a b'), call('404'), { say: '{{last}} after {{results}}' }],
    });
    expect(await outputOf('clerk')).toContain(String.raw`/customers/404\"} after 2`);
    expect(outside.effects.map(({ path }) => path)).toEqual(['/customers/a%20b', '/customers/404']);
  });

  it('reads pages, long ones as files', async () => {
    outside.answer = (response) =>
      response.setHeader('content-type', 'text/html').end(`<p>Tea</p>${'<p>leaf</p>'.repeat(20_000)}`);
    await publish({
      name: 'reader',
      tools: [{ builtin: 'http.fetch' }],
      rehearsal: [{ calls: [{ tool: 'http_fetch', args: { url: outside.url } }] }, { say: 'done' }],
    });
    const run = /"id":"([^"]+)"/.exec(await outputOf('reader'))?.[1] ?? '';
    const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/artifacts`);
    expect(json['items']).toMatchObject([{ media_type: 'text/plain; charset=utf-8' }]);
  });

  it('does not call a tool that has become another one', async () => {
    outside.effects.splice(0);
    await put('changing', request({ url: `${outside.url}/before` }));
    await publish({
      name: 'caller',
      tools: [{ http: 'changing' }],
      rehearsal: [{ calls: [{ tool: 'changing' }] }, { say: 'done' }],
    });
    await put('changing', request({ url: `${outside.url}/after` }));
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'caller', input: 'go' })).json['id']);
    await expect
      .poll(async () => (await server.ask(key, 'GET', `/v1/attention?run=${run}`)).json['items'], { timeout: 10_000 })
      .toMatchObject([{ kind: 'tool-changed' }]);
    expect(outside.effects).toEqual([]);
  });
});
