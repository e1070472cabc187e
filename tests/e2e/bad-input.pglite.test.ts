import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let run: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('mine'));
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
  run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
});
afterAll(() => server.close());

const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const cursor = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const spec = (part: object) => ({ name: 'a', ...part });

const unknown = '01920000-0000-7000-8000-000000000000';

type Case = [what: string, method: string, path: string, body: unknown, status: number, code: string, place?: string];

const cases: Case[] = [
  ['a malformed URL', 'GET', '/%zz', undefined, 400, 'invalid_request'],
  ['an unknown route', 'GET', '/v1/nothing', undefined, 404, 'route_not_found'],
  ['a wrong method', 'DELETE', '/v1/runs', undefined, 405, 'method_not_allowed'],
  ['too deep', 'POST', '/v1/runs', `{"agent":"scribe","input":${deep}}`, 422, 'validation_failed'],
  [
    'a number beyond doubles',
    'POST',
    '/v1/runs',
    '{"agent":"scribe","input":1e400}',
    422,
    'validation_failed',
    '/input',
  ],
  ['a wrong type', 'POST', '/v1/runs', { agent: 7 }, 422, 'validation_failed', '/agent'],
  [
    'version and alias',
    'POST',
    '/v1/runs',
    { agent: 'scribe', version: 1, alias: 'x' },
    422,
    'validation_failed',
    '/alias',
  ],
  ['an unknown agent', 'POST', '/v1/runs', { agent: 'nobody' }, 404, 'agent_not_found'],
  ['an unknown version', 'POST', '/v1/runs', { agent: 'scribe', version: 99 }, 404, 'version_not_found'],
  ['an unknown alias', 'POST', '/v1/runs', { agent: 'scribe', alias: 'prod' }, 404, 'alias_not_found'],
  [
    'a higher limit',
    'POST',
    '/v1/runs',
    { agent: 'scribe', limits: { steps: 100_001 } },
    422,
    'limit_not_lower',
    '/limits/steps',
  ],
  [
    'a bad duration',
    'POST',
    '/v1/runs',
    { agent: 'scribe', limits: { deadline: 'soon' } },
    422,
    'validation_failed',
    '/limits/deadline',
  ],
  [
    'an unknown decision',
    'POST',
    '/v1/runs/RUN/attention/x',
    { decision: 'maybe' },
    422,
    'validation_failed',
    '/decision',
  ],
  ['a fork at no event', 'POST', '/v1/runs/RUN/fork', { at: 0 }, 422, 'validation_failed', '/at'],
  [
    'a fork beyond an integer column',
    'POST',
    '/v1/runs/RUN/fork',
    { at: Number.MAX_SAFE_INTEGER },
    422,
    'validation_failed',
    '/at',
  ],
  [
    'a fork with version and alias',
    'POST',
    '/v1/runs/RUN/fork',
    { version: 1, alias: 'x' },
    422,
    'validation_failed',
    '/alias',
  ],
  ['a fork with an empty message', 'POST', '/v1/runs/RUN/fork', { message: '' }, 422, 'validation_failed', '/message'],
  ['a rerun that changes the input', 'POST', '/v1/runs/RUN/rerun', { input: 'x' }, 422, 'validation_failed', '/input'],
  ['a malformed thread', 'POST', '/v1/runs', { agent: 'scribe', thread: 'x' }, 422, 'validation_failed', '/thread'],
  ['an unknown mode', 'POST', '/v1/runs', { agent: 'scribe', on_busy: 'x' }, 422, 'validation_failed', '/on_busy'],
  [
    'an alias for an unknown version',
    'PUT',
    '/v1/agents/scribe/aliases/prod',
    { version: 9 },
    404,
    'version_not_found',
    '/version',
  ],
  [
    'a version beyond an integer column',
    'POST',
    '/v1/runs',
    { agent: 'scribe', version: Number.MAX_SAFE_INTEGER },
    422,
    'validation_failed',
    '/version',
  ],
  [
    'an alias for a version beyond an integer column',
    'PUT',
    '/v1/agents/scribe/aliases/prod',
    { version: Number.MAX_SAFE_INTEGER },
    422,
    'validation_failed',
    '/version',
  ],
  [
    'a cursor with U+0000',
    'GET',
    `/v1/attention?cursor=${cursor('01920000-0000-7000-8000-000000000000', 'a\u0000')}`,
    undefined,
    400,
    'invalid_request',
    '?cursor',
  ],
  [
    'an attention with U+0000',
    'POST',
    '/v1/runs/RUN/attention/a%00',
    { decision: 'approve' },
    400,
    'invalid_request',
    '{ref}',
  ],
  ...['0s', '999999999d'].map((deadline): Case => [
    `a deadline of ${deadline}`,
    'POST',
    '/v1/runs',
    { agent: 'scribe', limits: { deadline } },
    422,
    'validation_failed',
    '/limits/deadline',
  ]),
  ['an agent that is a list', 'POST', '/v1/agents', [], 422, 'validation_failed'],
  ['an agent that is null', 'POST', '/v1/agents', 'null', 422, 'validation_failed'],
  ['an agent without a name', 'POST', '/v1/agents', {}, 422, 'validation_failed', '/name'],
  ['no output schema', 'POST', '/v1/agents', spec({ output: {} }), 422, 'validation_failed', '/output/schema'],
  [
    'an output schema that fits nothing',
    'POST',
    '/v1/agents',
    spec({ output: { schema: { type: 'objekt' } } }),
    422,
    'validation_failed',
    '/output/schema',
  ],
  [
    'an unknown fallback',
    'POST',
    '/v1/agents',
    spec({ model: { fallbacks: ['rehearsal', 'gpt'] } }),
    422,
    'model_unknown',
    '/model/fallbacks/1',
  ],
  ['memory', 'POST', '/v1/agents', spec({ memory: {} }), 422, 'agent_feature_unavailable', '/memory'],
  ['an http tool', 'POST', '/v1/agents', spec({ tools: [{ http: 'x' }] }), 422, 'tool_server_unknown', '/tools/0/http'],
  [
    'a memory builtin',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'memory.search' }] }),
    422,
    'agent_feature_unavailable',
    '/tools/0/builtin',
  ],
  [
    'more approvers than are named',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'ask', approval: { by: { members: [randomUUID()], count: 2 } } }] }),
    422,
    'approvers_too_few',
    '/tools/0/approval/by/count',
  ],
  ['an unknown model', 'POST', '/v1/agents', spec({ model: { name: 'gpt' } }), 422, 'model_unknown', '/model/name'],
  [
    'an unknown tool server',
    'POST',
    '/v1/agents',
    spec({ tools: [{ mcp: 'files' }] }),
    422,
    'tool_server_unknown',
    '/tools/0/mcp',
  ],
  [
    'a condition that is none',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'ask', approval: { when: 'args.x >' } }] }),
    422,
    'condition_invalid',
    '/tools/0/approval/when',
  ],
  [
    'a condition with matches',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'ask', approval: { when: 'args.x.matches("a")' } }] }),
    422,
    'condition_invalid',
    '/tools/0/approval/when',
  ],
  [
    'a viewer who approves',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'ask', approval: { by: { role: 'viewer' } } }] }),
    422,
    'role_invalid',
    '/tools/0/approval/by/role',
  ],
  [
    'a tool twice',
    'POST',
    '/v1/agents',
    spec({ tools: [{ builtin: 'ask' }, { builtin: 'ask' }] }),
    422,
    'tool_invalid',
    '/tools/1',
  ],
  ['a short secret', 'PUT', '/v1/secrets/token', { value: 'abc' }, 422, 'validation_failed', '/value'],
  ['a secret without a value', 'PUT', '/v1/secrets/token', {}, 422, 'validation_failed', '/value'],
  ['a secret with U+0000', 'PUT', '/v1/secrets/token', '{"value":"abcd\\u0000"}', 422, 'validation_failed', '/value'],
  ['a key without roles', 'POST', '/v1/api-keys', { name: 'x', roles: [] }, 422, 'validation_failed', '/roles'],
  ['a key of no role', 'POST', '/v1/api-keys', { name: 'x', roles: ['king'] }, 422, 'validation_failed', '/roles/0'],
  ['a key without a name', 'POST', '/v1/api-keys', { roles: ['viewer'] }, 422, 'validation_failed', '/name'],
  [
    'an overlap that is none',
    'POST',
    `/v1/api-keys/${unknown}/rotate`,
    { overlap: 'soon' },
    422,
    'validation_failed',
    '/overlap',
  ],
  ['a deletion with a body', 'DELETE', `/v1/runs/${unknown}`, { yes: true }, 422, 'validation_failed'],
  ['a retention of no days', 'PUT', '/v1/retention', { days: 0 }, 422, 'validation_failed', '/days'],
  ['a retention without days', 'PUT', '/v1/retention', {}, 422, 'validation_failed', '/days'],
  ['a retention of half a day', 'PUT', '/v1/retention', { days: 0.5 }, 422, 'validation_failed', '/days'],
  ['a retention beyond ten years', 'PUT', '/v1/retention', { days: 4_000 }, 422, 'validation_failed', '/days'],
  ['a retention with more', 'PUT', '/v1/retention', { days: 1, hours: 2 }, 422, 'validation_failed', '/hours'],
  ['a cursor of no secret', 'GET', `/v1/secrets?cursor=${cursor('A')}`, undefined, 400, 'invalid_request', '?cursor'],
  [
    'no room for a call',
    'POST',
    '/v1/agents',
    spec({ limits: { active_time: '1s' } }),
    422,
    'limit_too_low',
    '/limits/active_time',
  ],
];

describe('bad input', () => {
  test.each(cases)('%s', async (...[, method, path, body, status, code, place]: Case) => {
    const answer = await server.ask(key, method, path.replace('RUN', run), body);
    expect(answer).toMatchObject({ status, type: 'application/problem+json', json: { status, code } });
    expect(String(answer.json['detail']).length).toBeGreaterThan(5);
    const places = ((answer.json['errors'] ?? []) as { path: string }[]).map(({ path: at }) => at);
    expect(places).toEqual(expect.arrayContaining(place === undefined ? [] : [place]));
  });

  test('a text part with an unknown key is JSON like any other, and can be read again', async () => {
    const input = [{ type: 'text', text: 'x', foo: 1 }];
    const started = await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe', input });
    expect(started.status).toBe(201);
    const { json } = await server.ask(key, 'GET', `/v1/runs/${String(started.json['id'])}`);
    expect(json['input']).toEqual([{ type: 'text', text: JSON.stringify(input) }]);
  });

  test('a YAML that refers to itself is refused', async () => {
    const answer = await server.ask(key, 'POST', '/v1/agents', 'name: &a\n  x: *a\n', {
      'content-type': 'application/yaml',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('what is no HTTP gets a problem document', async () => {
    const port = Number(new URL(server.url).port);
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (data) => (received += String(data)));
      socket.on('close', () => resolve(received));
    });
    expect(text).toContain('400');
    expect(text).toContain('"code":"invalid_request"');
  });
});
