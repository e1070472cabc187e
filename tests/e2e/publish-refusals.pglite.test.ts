import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type EchoServer, startEchoServer } from './support/echo-server.ts';
import { ranCli } from './support/run-cli.ts';
import { startServer, type TestServer } from './support/server.ts';

let outside: EchoServer;
let server: TestServer;
let key: string;

beforeAll(async () => {
  outside = await startEchoServer();
  server = await startServer('pglite://memory', { environment: { OUTBOUND_ALLOW: '127.0.0.1' } });
  ({ key } = await server.tenant('mine'));
  await put('/v1/secrets/known', { value: 'value' });
  await put('/v1/tools/echo', { type: 'mcp', url: `${outside.url}/mcp` });
});
afterAll(async () => {
  await server.close();
  await outside.close();
});

async function holdfast(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, out, err } = await ranCli(args, { env: { HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key } });
  return { code, text: out + err };
}

const put = (path: string, body: object) => server.ask(key, 'PUT', path, body);
const publish = (spec: object, query = '') => server.ask(key, 'POST', `/v1/agents${query}`, { name: 'a', ...spec });

describe('an agent is refused at publish, with what there is,', () => {
  test.each([
    ['a model', { model: { name: 'gpt' } }, 'model_unknown', '/model/name', /no model gpt.*known: .*rehearsal/],
    [
      'a tool',
      { tools: [{ mcp: 'echo', allow: ['repat'] }] },
      'tool_unknown',
      '/tools/0/allow/0',
      /has: repeat, leaky/,
    ],
    ['a tool server', { tools: [{ mcp: 'ecko' }] }, 'tool_server_unknown', '/tools/0/mcp', /registered: echo/],
  ])('when it names %s that is not known', async (_what, spec, code, path, known) => {
    const answer = await publish(spec);
    expect(answer).toMatchObject({ status: 422, json: { code, errors: [{ path }] } });
    expect(String(answer.json['detail'])).toMatch(known);
  });

  test('and so is a tool server whose header names an unknown secret', async () => {
    const body = { type: 'mcp', url: `${outside.url}/mcp`, headers: { authorization: 'secret://knwon' } };
    const answer = await put('/v1/tools/new', body);
    expect(answer).toMatchObject({
      status: 422,
      json: { code: 'secret_unknown', errors: [{ path: '/headers/authorization' }] },
    });
    expect(String(answer.json['detail'])).toMatch(/no secret knwon; known: known/);
  });

  test('when the secret of its tool server has gone since', async () => {
    await put('/v1/secrets/passing', { value: 'value' });
    await put('/v1/tools/guarded', {
      type: 'mcp',
      url: `${outside.url}/mcp`,
      headers: { authorization: 'secret://passing' },
    });
    onTestFinished(async () => {
      await server.ask(key, 'DELETE', '/v1/tools/guarded');
    });
    expect((await publish({ name: 'b', tools: [{ mcp: 'guarded' }] })).status).toBe(201);
    await server.ask(key, 'DELETE', '/v1/secrets/passing');
    const answer = await publish({ name: 'b', description: 'x', tools: [{ mcp: 'guarded' }] });
    expect(answer).toMatchObject({ status: 503, json: { code: 'tool_server_unavailable' } });
    expect(String(answer.json['detail'])).toMatch(/secret passing/);
  });
});

test('a tool server that does not answer: refused; offline takes its listing from before', async () => {
  const tools = [{ mcp: 'echo', allow: ['repeat'] }];
  const first = await publish({ name: 'c', tools });
  expect(first.status).toBe(201);
  await outside.close();
  onTestFinished(async () => {
    outside = await startEchoServer();
    await put('/v1/tools/echo', { type: 'mcp', url: `${outside.url}/mcp` });
  });
  const refused = await publish({ name: 'c', description: 'changed', tools });
  expect(refused).toMatchObject({
    status: 503,
    json: { code: 'tool_server_unavailable', errors: [{ path: '/tools/0/mcp' }] },
  });
  expect(String(refused.json['detail'])).toMatch(/\?offline=true/);
  expect((await server.ask(key, 'GET', '/v1/agents/c')).json).toMatchObject({ latest: 1 });
  const offline = await publish({ name: 'c', description: 'changed', tools }, '?offline=true');
  expect(offline).toMatchObject({ status: 201, json: { number: 2 } });
  expect(offline.json['tools']).toEqual(first.json['tools']);
  // The same from the command line.
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-publish-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'c.json');
  writeFileSync(file, JSON.stringify({ name: 'c', description: 'again', tools }));
  expect(await holdfast('publish', file)).toMatchObject({
    code: 1,
    text: expect.stringContaining('echo does not answer'),
  });
  expect(await holdfast('publish', file, '--offline')).toEqual({ code: 0, text: 'c version 3, 1 tool\n' });
  // What was never listed is not made up.
  const more = await publish({ name: 'c', tools: [{ mcp: 'echo', allow: ['new'] }] }, '?offline=true');
  expect(more).toMatchObject({ status: 422, json: { code: 'tool_unknown' } });
});
