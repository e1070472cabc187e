import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseKey } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { platformAdmin, seconds, startIssuer, type TestIssuer } from '../identity/support/issuer.ts';
import { documentedOperations } from './support/documented-operations.ts';
import { goodBodies } from './support/good-bodies.ts';
import { idleBulk } from './support/idle-bulk.ts';
import { newMember } from './support/new-member.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

const fuzzer = fileURLToPath(new URL('../../.servers/schemathesis/bin/schemathesis', import.meta.url));
const SEED = '7';
/** What each operation has for itself: a pause, a decision or a deletion uses one up. */
const OWN = 10;
/** Runs that bulk operations are about. */
const BULK_TAG = 'bulk';

/** They end elsewhere or take what only an issuer can sign: tests/identity carries them to their end in a browser. */
const LOGIN = /^\/auth\/(login|callback|logout|backchannel-logout)$/;

/** What each upload is of: others would be refused. */
const BYTE = 'x';

/** Ticks that no test lives to see. */
const RARE = '0 0 29 2 *';

/** Operations that use up what they name, where they name it, and how it must be for that. */
const using = {
  'POST /v1/runs/{run}/attention/{ref}': ['path.run', 'asking'],
  'POST /v1/runs/{run}/messages': ['path.run', 'asking'],
  'POST /v1/runs/{run}/pause': ['path.run', 'asking'],
  'POST /v1/runs/{run}/cancel': ['path.run', 'asking'],
  'POST /v1/runs/{run}/resume': ['path.run', 'paused'],
  'DELETE /v1/runs/{run}': ['path.run', 'ended'],
  'DELETE /v1/threads/{thread}': ['path.thread', 'thread'],
  'POST /v1/bulk/{bulk}/cancel': ['path.bulk', 'bulk'],
  'PUT /v1/schedules/{schedule}': ['path.schedule', 'schedule'],
  'DELETE /v1/schedules/{schedule}': ['path.schedule', 'schedule'],
  'POST /v1/schedules/{schedule}/trigger': ['path.schedule', 'schedule'],
  'DELETE /v1/tenants/{tenant}': ['path.tenant', 'tenant'],
  'DELETE /v1/webhooks/{webhook}': ['path.webhook', 'webhook'],
  'POST /v1/webhooks/{webhook}/deliveries/{delivery}/replay': ['path.webhook', 'told'],
} as const;

/**
 * One key for many different requests would be refused as used before, and try nothing. A bulk operation about other
 * runs than its own would end what other requests need; a budget would let no run go on. What is above all tenants takes the
 * token of a platform admin.
 */
const hooks = `
import os, re, uuid, schemathesis

@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if (case.method, case.operation.path) == ("POST", "/v1/bulk") and isinstance(case.body, dict):
        wanted = case.body.get("filter")
        if isinstance(wanted, dict) and isinstance(wanted.get("tag", ""), str):
            case.body["filter"] = {**wanted, "tag": "${BULK_TAG}"}
    if case.operation.path == "/v1/uploads/{upload}/content":
        case.body = b"${BYTE}"
    above = re.match("/v1/(tenants|platform)|/auth/verify/engine", case.operation.path)
    case.headers["Authorization"] = "Bearer " + os.environ["PLATFORM_TOKEN" if above else "API_KEY"]
    if (case.method, case.operation.path) == ("PUT", "/v1/budgets/{name}") and isinstance(case.body, dict):
        for limit in ("tokens", "cost_usd_micros"):
            if isinstance(case.body.get(limit), int):
                case.body[limit] = max(case.body[limit], 10**12)
`;

/** Needs Schemathesis: `bash scripts/servers.sh install`. */
describe.skipIf(!existsSync(fuzzer))('requests made up from the OpenAPI document', () => {
  let issuer: TestIssuer;
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    issuer = await startIssuer();
    server = await startServer('pglite://memory', { environment: { OIDC_ISSUER: issuer.url } });
    folder = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'));
  });
  afterAll(async () => {
    await server.close();
    await issuer.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('never meet a 5xx, nor an answer of which the document says nothing', async () => {
    const { id: tenant, key } = await server.tenant('mine');
    writeFileSync(join(folder, 'schemathesis.toml'), settings(await furnish(server, tenant, key)));
    writeFileSync(join(folder, 'hooks.py'), hooks);
    const token = await issuer.sign({ ...platformAdmin, exp: seconds() + 3_600 });
    const checks = [
      'not_a_server_error',
      'status_code_conformance',
      'content_type_conformance',
      'response_schema_conformance',
    ];
    const { stdout } = await promisify(execFile)(
      fuzzer,
      [
        `--config-file=${join(folder, 'schemathesis.toml')}`,
        'run',
        `${server.url}/openapi.json`,
        `--seed=${SEED}`,
        '--max-examples=15',
        `--checks=${checks.join(',')}`,
        '--continue-on-failure',
      ],
      {
        cwd: folder,
        env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: folder, API_KEY: key, PLATFORM_TOKEN: token },
        maxBuffer: 64 * 1024 * 1024,
        timeout: 540_000,
      },
    ).catch((error: { stdout: string }) => error);
    const [figures = ''] = /\d+ generated[^\n]*/.exec(stdout) ?? [];
    const did = await succeeded(server);
    const idle = documentedOperations.filter(({ method, path }) => !LOGIN.test(path) && !did.has(`${method} ${path}`));
    // oxlint-disable-next-line eslint/no-console
    console.info(
      `Schemathesis, seed ${SEED}: ${figures}; ${idle.length} of ${documentedOperations.length} operations never answered 2xx`,
    );
    expect(figures, stdout).toMatch(/^(\d+) generated, \1 passed$/);
    expect(idle.map(({ id }) => id)).toEqual([]);
  }, 600_000);
});

/** What requests may name, by the place where they name it. */
type Names = Readonly<Record<string, readonly (string | number)[]>>;

interface Furniture {
  readonly names: Names;
  /** What an operation has for itself. */
  readonly own: Readonly<Record<string, readonly string[]>>;
}

/** A tenant with runs in every state, and one or more of all the rest. */
async function furnish(server: TestServer, tenant: string, key: string): Promise<Furniture> {
  const ask = async (method: string, path: string, body?: unknown) => (await server.ask(key, method, path, body)).json;
  const times = async (count: number, make: () => Promise<unknown>) => {
    const made: string[] = [];
    while (made.length < count) made.push(String(await make()));
    return made;
  };
  const file = { tool: 'artifacts_write', args: { name: 'note.txt', content: 'note' } };
  const question = { tool: 'ask', args: { question: 'well?', schema: {} } };
  await ask('POST', '/v1/agents', scribe('asker', 1, { rehearsal: [{ calls: [file, question] }, { say: 'done' }] }));
  await ask('POST', '/v1/agents', scribe('quick', 1));
  const agents = ['asker', 'quick'];
  for (const agent of agents) await ask('PUT', `/v1/agents/${agent}/aliases/prod`, { version: 1 });
  const things = ['one', 'two', 'three', 'four'];
  for (const name of things) {
    await ask('PUT', `/v1/secrets/${name}`, { value: 'value' });
    await ask('PUT', `/v1/tools/${name}`, goodBodies['tools.put']);
  }
  const start = (agent: string, over: object = {}) =>
    times(OWN, async () => (await ask('POST', '/v1/runs', { agent, ...over }))['id']);
  const threads = (count: number) => times(count, async () => (await ask('POST', '/v1/threads', {}))['id']);
  let schedules = 0;
  // Types that no run here ever has: nothing but what is asked for is sent, and to nobody.
  const webhooks = (count: number) =>
    times(count, async () => {
      const body = { url: 'https://receiver.test/', events: ['log.went_back'] };
      return (await ask('POST', '/v1/webhooks', body))['id'];
    });
  let others = 0;
  const tenants = (count: number) =>
    times(count, async () => {
      others += 1;
      return (await server.tenant(`other ${others}`)).id;
    });
  const deliveries: string[] = [];
  const states = {
    asking: () => start('asker'),
    paused: async () => {
      const runs = await start('asker');
      for (const run of runs) await ask('POST', `/v1/runs/${run}/pause`);
      return runs;
    },
    ended: () => start('quick'),
    thread: () => threads(OWN),
    bulk: () => times(OWN, () => idleBulk(server, tenant)),
    schedule: () =>
      times(OWN, async () => {
        schedules += 1;
        const body = { name: `s${schedules}`, agent: 'quick', cron: RARE };
        return (await ask('POST', '/v1/schedules', body))['id'];
      }),
    webhook: () => webhooks(OWN),
    tenant: () => tenants(OWN),
    // Nobody is there to take it, but it was sent.
    told: async () => {
      await ask('POST', '/v1/agents', scribe('teller', 1));
      const body = { url: 'https://receiver.test/', events: ['run.created'], agent: 'teller' };
      const id = String((await ask('POST', '/v1/webhooks', body))['id']);
      await ask('POST', '/v1/runs', { agent: 'teller' });
      const sent = async () => (await ask('GET', `/v1/webhooks/${id}/deliveries`))['items'] as { id: string }[];
      await vi.waitUntil(async () => (await sent()).length > 0, { timeout: 60_000 });
      deliveries.push(...(await sent()).map((delivery) => delivery.id));
      return [id];
    },
  };
  const own: Record<string, readonly string[]> = {};
  for (const [operation, [, state]] of Object.entries(using)) own[operation] = await states[state]();
  const runs = [...(await start('asker')), ...(await start('quick'))];
  await start('asker', { tags: [BULK_TAG] });
  const open = async () => (await ask('GET', '/v1/attention?limit=200'))['items'] as { ref: string }[];
  // With the runs that any request may name and those of bulk operations; one that was paused early asks nothing yet.
  const asking = OWN * (2 + Object.values(using).filter(([, state]) => state === 'asking').length);
  await vi.waitUntil(async () => (await open()).length >= asking, { timeout: 60_000 });
  const ended = async () => (await ask('GET', '/v1/runs?status=succeeded&limit=200'))['items'] as unknown[];
  await vi.waitUntil(async () => (await ended()).length === 2 * OWN + 1, { timeout: 60_000 });
  const files = (await ask('GET', `/v1/runs/${runs[0] ?? ''}/artifacts`))['items'] as { digest: string }[];
  const shared = await threads(3);
  const uploads = await times(3, async () => {
    const digest = createHash('sha256').update(BYTE).digest('hex');
    const { id } = await ask('POST', '/v1/uploads', { name: 'note.txt', size: BYTE.length, digest });
    await ask('PUT', `/v1/uploads/${String(id)}/content`, new TextEncoder().encode(BYTE));
    return id;
  });
  // Not the key that asks: it would revoke itself.
  const keys = await times(OWN, async () => parseKey(await server.key(tenant, ['viewer']))?.id);
  const names = {
    'path.run': runs,
    'path.thread': shared,
    'path.bulk': await states.bulk(),
    'path.schedule': await states.schedule(),
    'path.webhook': await webhooks(3),
    'path.delivery': deliveries,
    'path.upload': uploads,
    'path.member': await times(3, () => newMember(server, tenant)),
    'path.tenant': await tenants(3),
    'path.agent': agents,
    'path.alias': ['prod'],
    'path.number': [1],
    'path.name': things,
    'path.key': keys,
    'path.digest': files.map(({ digest }) => digest),
    'path.ref': [...new Set((await open()).map(({ ref }) => ref))],
    'query.run': runs,
    'query.thread': shared,
    'query.agent': agents,
    'body.agent': agents,
    'body.thread': shared,
    'body.cron': [RARE],
    'body.time_zone': ['UTC', 'Europe/Berlin'],
    'query.cron': [RARE],
    'query.time_zone': ['UTC', 'Europe/Berlin'],
    'body.alias': ['prod'],
    'body.version': [1],
    'body.decision': ['answer'],
  };
  return { names, own };
}

/** Mostly what is there: what is made up mostly meets a 404, which tries little. */
function settings({ names, own }: Furniture): string {
  const dictionary = (name: string, values: readonly (string | number)[]) =>
    `[dictionaries."${name}"]\nvalues = ${JSON.stringify(values)}`;
  const drawn = (place: string, name: string) => `"${place}" = { dictionary = "${name}", probability = 0.8 }`;
  return [
    ...Object.entries({ ...names, ...own }).map(([name, values]) => dictionary(name, values)),
    '[parameters]',
    ...Object.keys(names).map((place) => drawn(place, place)),
    // Tool servers that are made up answer nobody, which is a 503.
    '"query.offline" = "true"',
    ...Object.entries(using).flatMap(([operation, [place]]) => [
      '[[operations]]',
      `include-name = "${operation}"`,
      '[operations.parameters]',
      drawn(place, operation),
    ]),
  ].join('\n');
}

/** Operations that have answered with a 2xx, as the server counted them: `GET /v1/runs/{run}`. */
async function succeeded(server: TestServer): Promise<ReadonlySet<string>> {
  const { text } = await server.ask(null, 'GET', '/metrics');
  const lines = [...text.matchAll(/^holdfast_http_request\w*_count\{(.*)\} \d+$/gm)].map(([, labels = '']) => labels);
  const label = (labels: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
  return new Set(
    lines
      .filter((labels) => label(labels, 'status').startsWith('2'))
      .map((labels) => `${label(labels, 'method')} ${label(labels, 'route').replaceAll(/:(\w+)/g, '{$1}')}`),
  );
}
