import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@holdfast/adapters/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seconds, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';
import { type EchoServer, echoes, startEchoServer } from './support/echo-server.ts';
import { type Program, start } from './support/program.ts';

/** Of secrets that HTTP headers can carry. */
const secrets: Record<string, string> = {
  token: 'sk-live-4f9aK2xQ7vZt',
  odd: `p@ss/w"rd\\+1 <&> %41'`,
  pin: '918273645',
  long: `ey${'Zm9vYmFyYmF6'.repeat(40)}`,
};
/** Of the installation: keys of models. */
const modelKeys = { echoing: 'sk-model-7Qm2/vX9+tLd4R', refusing: 'sk-other-Kp5sW8zYb1Nc' };
/** What is looked for: the values, every way in which they were echoed, and these within JSON. */
const needles = Object.entries({ ...secrets, ...modelKeys }).flatMap(([name, value]) =>
  [...new Set([value, ...forms(value)].flatMap((form) => [form, inJson(form), inJson(inJson(form))]))].map((text) => ({
    name,
    text,
  })),
);

let echo: EchoServer;
let issuer: TestIssuer;
let folder: string;
let dataDir: string;
let program: Program;
let url: string;
let key: string;

beforeAll(async () => {
  [echo, issuer] = await Promise.all([startEchoServer(), startIssuer()]);
  folder = mkdtempSync(join(tmpdir(), 'holdfast-scan-'));
  writeFileSync(join(folder, 'note.md'), 'A note.\n');
  dataDir = join(folder, 'data');
  const models = {
    echoing: { base_url: `${echo.url}/model/v1`, model: 'm', api_key: 'env:ECHOING_KEY' },
    refusing: { base_url: `${echo.url}/refusing/v1`, model: 'm', api_key: modelKeys.refusing },
  };
  writeFileSync(join(folder, 'models.json'), JSON.stringify({ models }));
  const environment = {
    DATA_DIR: dataDir,
    PORT: '0',
    LOG_LEVEL: 'trace',
    OUTBOUND_ALLOW: '127.0.0.1',
    MODELS_FILE: join(folder, 'models.json'),
    ECHOING_KEY: modelKeys.echoing,
    OIDC_ISSUER: issuer.url,
    OIDC_PROVISION: 'on',
  };
  program = start('apps/standalone/src/main.ts', [folder], environment);
  await program.saw('keeps serving');
  ({ url, api_key: key } = JSON.parse(readFileSync(join(dataDir, 'cli.json'), 'utf8')) as {
    url: string;
    api_key: string;
  });
}, 120_000);
afterAll(async () => {
  program.child.kill('SIGKILL');
  await program.ended;
  await echo.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that the API has answered. */
const answers: { readonly from: string; readonly text: string }[] = [];

async function ask(method: string, path: string, body?: unknown, accept = 'application/json'): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push({ from: `${method} ${path} ${accept}`, text });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

const get = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await ask('GET', path)) as Record<string, unknown>;

const kinds = ['echo', 'long', 'error', 'binary', 'refused', 'cut'];

test('values of secrets are nowhere, however tools repeat them, and tokens neither, however they are sent', async () => {
  await useTokens();
  for (const [name, value] of Object.entries(secrets)) {
    await ask('PUT', `/v1/secrets/${name}`, { value });
    for (const kind of kinds)
      await ask('PUT', `/v1/tools/${kind}-${name}`, {
        type: 'request',
        description: `Repeats: ${kind}`,
        method: 'GET',
        url: `${echo.url}/${kind}`,
        headers: { 'x-secret': `secret://${name}` },
        input_schema: { type: 'object' },
      });
    await ask('PUT', `/v1/tools/mcp-${name}`, {
      type: 'mcp',
      url: `${echo.url}/mcp`,
      headers: { 'x-secret': `secret://${name}` },
    });
    await get(`/v1/tools/mcp-${name}`);
    await ask('POST', '/v1/agents', {
      name: `echoes-${name}`,
      model: { name: 'rehearsal' },
      tools: [
        ...kinds.map((kind) => ({
          http: `${kind}-${name}`,
          effect: kind === 'cut' ? 'once' : 'idempotent',
          attempts: 1,
        })),
        { mcp: `mcp-${name}` },
        { builtin: 'artifacts.write' },
      ],
      rehearsal: [
        ...['echo', 'long', 'error', 'binary'].flatMap((kind) => [
          { calls: [{ tool: `${kind}-${name}` }] },
          // What the model has seen, written to a file and said.
          { say: 'It said {{last}}', calls: [{ tool: 'artifacts_write', args: { name: kind, content: '{{last}}' } }] },
        ]),
        { calls: [{ tool: 'repeat' }, { tool: 'leaky' }] },
        { calls: [{ tool: `refused-${name}` }, { tool: `cut-${name}` }] },
        { say: 'At the end: {{last}}' },
      ],
    });
  }
  const runs: string[] = [];
  for (const name of Object.keys(secrets)) {
    const { id } = JSON.parse(await ask('POST', '/v1/runs', { agent: `echoes-${name}` })) as { id: string };
    runs.push(id);
    await settle(id);
    // The whole stream, until the run ends.
    await ask('GET', `/v1/runs/${id}/events?deltas=true`, undefined, 'text/event-stream');
    expect(await get(`/v1/runs/${id}`)).toMatchObject({ status: 'succeeded' });
    await readAll(id, name);
  }
  for (const [name, status] of [
    ['echoing', 'succeeded'],
    ['refusing', 'failed'],
  ] as const) {
    await ask('POST', '/v1/agents', { name, model: { name } });
    const { id } = JSON.parse(await ask('POST', '/v1/runs', { agent: name })) as { id: string };
    await settle(id);
    await ask('GET', `/v1/runs/${id}/events?deltas=true`, undefined, 'text/event-stream');
    const run = await get(`/v1/runs/${id}`);
    expect(run).toMatchObject({ status });
    // It was said, and taken out.
    if (name === 'echoing') expect(JSON.stringify(run)).toContain('[secret:model-key:echoing]');
  }
  await get('/v1/models');
  await fetch(`${url}/metrics`).then(async (metrics) => answers.push({ from: '/metrics', text: await metrics.text() }));
  for (const path of ['secrets', 'tools', 'audit', 'api-keys', 'agents', 'runs', 'usage', 'attention'])
    await get(`/v1/${path}`);

  program.child.kill('SIGTERM');
  await program.ended;
  const cli = start('apps/cli/src/main.ts', ['secrets', 'rotate-key', '--json'], { DATA_DIR: dataDir });
  expect([await cli.ended, cli.errors()]).toEqual([0, '']);
  const { key_id: keyId, resealed } = JSON.parse(cli.output()) as { key_id: string; resealed: number };
  expect(resealed).toBe(Object.keys(secrets).length);
  answers.push({ from: 'rotate-key', text: cli.output() });
  const tables = await texts(join(dataDir, 'database'));
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

  const found: string[] = [];
  const look = (sink: string, text: string): void => {
    for (const needle of needles) if (text.includes(needle.text)) found.push(`${needle.name} in ${sink}`);
  };
  for (const { from, text } of answers) look(`the answer of ${from}`, text);
  for (const { column, text } of tables) look(column, text);
  for (const file of files) look(file, readFileSync(file, 'latin1'));
  look('the output', program.output());

  const bytes = (list: readonly { text: string }[]): number => list.reduce((sum, { text }) => sum + text.length, 0);
  const sizes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const heard = [...echo.heard.values()].reduce((sum, count) => sum + count, 0);
  const marks = [...tables, ...answers].reduce((sum, { text }) => sum + text.split('[secret:').length - 1, 0);
  console.log(
    `${Object.keys({ ...secrets, ...modelKeys }).length} secrets, ${needles.length} forms looked for; sent to tools in ${heard} requests; ` +
      `looked into ${tables.length} texts of the database (${bytes(tables)} characters), ${answers.length} answers and ` +
      `streams (${bytes(answers)}), ${files.length} files (${sizes} bytes, of them log ` +
      `${statSync(join(dataDir, 'holdfast.log')).size}); ${marks} places redacted; ${found.length} hits`,
  );
  expect(found).toEqual([]);
  // Tokens were taken, and refused with a line each.
  expect(tables.filter(({ column, text }) => column === 'members.subject' && text === 'alice')).toHaveLength(1);
  expect(tables.filter(({ text }) => text === 'tokens.refuse').length).toBeGreaterThanOrEqual(8);
  expect(program.output() + readFileSync(join(dataDir, 'holdfast.log'), 'utf8')).toContain('issuer_unavailable');
  // The values were sent, came back, and were taken out.
  for (const path of [...kinds.map((kind) => `/${kind}`), '/mcp'])
    expect([path, (echo.heard.get(path) ?? 0) >= Object.keys(secrets).length]).toEqual([path, true]);
  expect(marks).toBeGreaterThan(100);
  expect(tables.some(({ column, text }) => column === 'run_events.payload' && text.includes('[secret:odd]'))).toBe(
    true,
  );
  expect(new Set(tables.filter(({ column }) => column === 'secrets.key_id').map(({ text }) => text))).toEqual(
    new Set([keyId]),
  );
  expect(runs).toHaveLength(Object.keys(secrets).length);
}, 300_000);

/**
 * Good tokens and bad ones, where they belong and where they do not. Each is looked for whole, and by its last two parts:
 * what stands before them is the same in all.
 */
async function useTokens(): Promise<void> {
  const send = async (token: string, method: string, path: string, headers: Record<string, string>, body?: unknown) => {
    const [, payload = '', signature = ''] = token.split('.');
    for (const text of [token, payload, signature]) if (text.length > 20) needles.push({ name: 'a token', text });
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const more = body === undefined ? headers : { ...headers, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method, headers: more, ...json });
    const text = await response.text();
    answers.push({ from: `${method} ${path.split('?')[0]} with a token`, text });
    return { status: response.status, text };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const good = await issuer.sign();
  for (const path of [
    '/v1/me',
    '/t/acme/v1/me',
    `/v1/me?access_token=${good}`,
    `/v1/runs?cursor=${good}`,
    '/v1/nothing',
  ])
    await send(good, 'GET', path, bearer(good));
  const agent = { name: 'teller', model: { name: 'rehearsal' }, rehearsal: [{ say: 'hello' }] };
  expect((await send(good, 'POST', '/v1/agents', bearer(good), agent)).status).toBe(201);
  const run = await send(good, 'POST', '/v1/runs', bearer(good), { agent: 'teller' });
  expect(run.status).toBe(201);
  const { id } = JSON.parse(run.text) as { id: string };
  await send(good, 'GET', `/v1/runs/${id}/events`, { ...bearer(good), accept: 'text/event-stream' });
  // Refused for what they are.
  const bad = [
    await issuer.sign({ aud: 'other' }),
    await issuer.sign({ iat: seconds() - 600, exp: seconds() - 60 }),
    await issuer.sign({ typ: 'ID', nonce: 'n' }),
    await issuer.sign({ sub: '' }),
    await issuer.sign({}, { kid: 'unknown' }),
    await issuer.sign({}, { jku: `${echo.url}/keys`, kid: 'unknown' }),
    `${good.slice(0, -8)}AAAAAAAA`,
    `${good}.${good}`,
  ];
  for (const token of bad) expect((await send(token, 'GET', '/v1/me', bearer(token))).status).toBe(401);
  // Good for nothing: no tenant, several, a role that is not enough, and without the word before it.
  for (const organization of [
    {},
    { acme: { id: 'org-acme' }, globex: { id: 'org-globex' } },
    { acme: { id: 'org-acme' } },
  ]) {
    const token = await issuer.sign({ organization });
    expect((await send(token, 'GET', '/v1/api-keys', bearer(token))).status).toBeGreaterThanOrEqual(400);
  }
  expect((await send(good, 'GET', '/v1/me', { authorization: good })).status).toBe(401);
  const late = await issuer.sign({}, { kid: 'later' });
  await issuer.close();
  expect((await send(late, 'GET', '/v1/me', bearer(late))).status).toBe(503);
}

/** People decide about what was refused or is unknown, until the run has ended. */
async function settle(run: string): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const { status } = await get(`/v1/runs/${run}`);
    if (status === 'succeeded' || status === 'failed') return;
    const { items } = (await get(`/v1/attention?run=${run}`)) as { items: { ref: string }[] };
    for (const { ref } of items)
      await ask('POST', `/v1/runs/${run}/attention/${ref}`, { decision: 'fail', note: 'no' });
    if (performance.now() > until) throw new Error(`the run stays ${String(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readAll(run: string, name: string): Promise<void> {
  for (const path of ['events?limit=200', 'effects', 'artifacts']) await get(`/v1/runs/${run}/${path}`);
  const { items } = (await get(`/v1/runs/${run}/artifacts`)) as { items: { digest: string }[] };
  expect(items.length).toBeGreaterThan(3);
  for (const { digest } of items) await ask('GET', `/v1/runs/${run}/artifacts/${digest}`, undefined, '*/*');
  await get(`/v1/agents/echoes-${name}/versions/1`);
  for (const kind of [...kinds, 'mcp']) await get(`/v1/tools/${kind}-${name}`);
}

/** Every value of every column of every table, as text. */
async function texts(directory: string): Promise<{ column: string; text: string }[]> {
  const database = await openDatabase(`pglite://${directory}`);
  try {
    return await database.connections.lend(async (sql) => {
      const columns = await sql.query<{ name: string; column: string }>(
        `select table_name as name, column_name as column from information_schema.columns
         where table_schema = 'holdfast' order by 1, 2`,
      );
      const found: { column: string; text: string }[] = [];
      for (const { name, column } of columns) {
        const rows = await sql.query<{ text: string }>(
          `select "${column}"::text as text from holdfast."${name}" where "${column}" is not null`,
        );
        found.push(...rows.map(({ text }) => ({ column: `${name}.${column}`, text })));
      }
      return found;
    });
  } finally {
    await database.close();
  }
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The echoed forms, without what stands around the value. */
function forms(value: string): string[] {
  const { url: inUrl = '', query = '', form = '', json = '', jsonInJson = '', basic = '', ...alone } = echoes(value);
  const inner = (text: string, before: number, after: number): string => text.slice(before, text.length - after);
  return [
    ...Object.values(alone),
    inUrl.slice('https://x.test/?q='.length),
    query.slice(1),
    form.slice('value='.length),
    inner(json, '{"value":"'.length, 2),
    inner(jsonInJson, '"{\\"value\\":\\"'.length, 4),
    // Behind the 5 bytes of `user:`; the first and the last character hold bits of the value only in part.
    basic.replace(/=+$/, '').slice(7, -1),
  ];
}
