import { auditPage, type Role } from '@holdfast/contracts';
import { parseKey } from '@holdfast/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { type Answer, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenant: string;
let admin: string;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await startServer('pglite://memory', { environment: { OUTBOUND_ALLOW: receiver.host } });
  ({ id: tenant, key: admin } = await server.tenant('mine'));
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

interface Person {
  readonly key: string;
  readonly id: string;
}
async function person(...roles: Role[]): Promise<Person> {
  const key = await server.key(tenant, roles);
  return { key, id: parseKey(key)?.id ?? '' };
}

let agents = 0;

/** A run that waits for an approval by this rule. */
async function asking(approval: object, by: Person, name = `payer-${(agents += 1)}`): Promise<Question> {
  const published = await server.ask(admin, 'POST', '/v1/agents', {
    name,
    tools: [{ builtin: 'artifacts.write', approval }],
    rehearsal: [{ calls: [{ tool: 'artifacts_write', args: { name: 'a.txt', content: 'a' } }] }, { say: 'done' }],
  });
  expect(published.status).toBe(201);
  const run = String((await server.ask(by.key, 'POST', '/v1/runs', { agent: name })).json['id']);
  return open(run, name);
}

interface Question {
  readonly run: string;
  readonly agent: string;
  readonly path: string;
  readonly hash: string;
}
async function open(run: string, agent: string): Promise<Question> {
  const look = async () =>
    (await server.ask(admin, 'GET', `/v1/attention?run=${run}`)).json['items'] as {
      ref: string;
      detail: { hash: string };
    }[];
  await expect.poll(look, { timeout: 20_000 }).toHaveLength(1);
  const [item] = await look();
  return { run, agent, path: `/v1/runs/${run}/attention/${item?.ref ?? ''}`, hash: item?.detail.hash ?? '' };
}

const decide = ({ path }: Question, by: Person, body: object = { decision: 'approve' }): Promise<Answer> =>
  server.ask(by.key, 'POST', path, body);
const refusal = ({ status, json }: Answer) => [status, json['code']];
const events = async (run: string): Promise<{ type: string; data: Record<string, unknown> }[]> =>
  (await server.ask(admin, 'GET', `/v1/runs/${run}/events`)).json['items'] as {
    type: string;
    data: Record<string, unknown>;
  }[];
const typesOf = async (run: string): Promise<string[]> => (await events(run)).map(({ type }) => type);
const becomes = (run: string, status: string) =>
  expect
    .poll(async () => (await server.ask(admin, 'GET', `/v1/runs/${run}`)).json['status'], { timeout: 20_000 })
    .toBe(status);
const mine = async ({ key }: Person, query = ''): Promise<unknown[]> =>
  ((await server.ask(key, 'GET', `/v1/attention?mine=true${query}`)).json['items'] as { run_id: string }[]).map(
    ({ run_id }) => run_id,
  );

test('two approvers race: one decides, the other is told that it is settled, and the call is made once', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const question = await asking({}, ada);
  const answers = await Promise.all([decide(question, ada), decide(question, bo)]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  // As far as the run has come by then.
  const late = answers.find(({ status }) => status !== 200);
  expect(late?.json['code']).toMatch(/^(attention_not_found|approval_not_open|run_ended)$/);
  await becomes(question.run, 'succeeded');
  const types = await typesOf(question.run);
  expect(types.filter((type) => type === 'approval.decided' || type === 'tool.called')).toHaveLength(2);
});

test('two approvers race for a quorum of two: both count', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const question = await asking({ by: { count: 2 } }, ada);
  const answers = await Promise.all([decide(question, ada), decide(question, bo)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await becomes(question.run, 'succeeded');
  const types = await typesOf(question.run);
  expect(types.filter((type) => type.startsWith('approval.'))).toEqual([
    'approval.asked',
    'approval.given',
    'approval.decided',
  ]);
});

test('the same key twice is one person; two keys are two', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const question = await asking({ by: { count: 2 } }, ada);
  expect((await decide(question, ada)).status).toBe(200);
  expect(refusal(await decide(question, ada))).toEqual([409, 'approval_already_given']);
  // Who has agreed is no longer asked.
  expect(await mine(ada, `&agent=${question.agent}`)).toEqual([]);
  expect(await mine(bo, `&agent=${question.agent}`)).toEqual([question.run]);
  expect((await decide(question, bo)).status).toBe(200);
  await becomes(question.run, 'succeeded');
});

test('two keys of one member are one person, however they are used', async () => {
  const member = '01920000-0000-7000-8000-00000000000a';
  await server.database.connections.lend((sql) =>
    sql.query(
      `insert into holdfast.members (tenant_id, id, kind, issuer, subject, last_seen_at)
       values ($1, $2, 'person', 'https://issuer.test', 'ada', 0)`,
      [tenant, member],
    ),
  );
  const make = async (name: string, owner: string) =>
    server.ask(admin, 'POST', '/v1/api-keys', { name, roles: ['operator'], member: owner });
  const [one, two] = [(await make('laptop', member)).json, (await make('phone', member)).json];
  expect(one['member']).toBe(member);
  const [laptop, phone] = [one, two].map(({ id, key }) => ({ id: String(id), key: String(key) }));
  if (laptop === undefined || phone === undefined) throw new Error('no keys');
  const [bo] = [await person('operator')];

  const question = await asking({ by: { count: 2, members: [member], role: 'operator' } }, bo);
  expect((await decide(question, laptop)).status).toBe(200);
  expect(refusal(await decide(question, phone))).toEqual([409, 'approval_already_given']);
  expect(await mine(phone, `&agent=${question.agent}`)).toEqual([]);
  expect((await decide(question, bo)).status).toBe(200);

  const started = await asking({ four_eyes: true }, laptop);
  expect(refusal(await decide(started, phone))).toEqual([403, 'approval_four_eyes']);
  const named = await asking({ by: { members: [member] } }, bo);
  expect(await mine(phone, `&agent=${named.agent}`)).toEqual([named.run]);
  expect((await decide(named, phone)).status).toBe(200);

  const unknown = await make('nobody', '01920000-0000-7000-8000-00000000000b');
  expect([unknown.status, unknown.json['code']]).toEqual([422, 'validation_failed']);
});

test('the approver is the starter: refused, written down, and somebody else decides', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const question = await asking({ four_eyes: true }, ada);
  expect(refusal(await decide(question, ada))).toEqual([403, 'approval_four_eyes']);
  const { items } = auditPage.parse((await server.ask(admin, 'GET', `/v1/audit?target=${question.path}`)).json);
  expect(items).toMatchObject([
    { operation: 'attention.decide', outcome: 'refused', by: { id: ada.id }, detail: { code: 'approval_four_eyes' } },
  ]);
  expect(await mine(ada, `&agent=${question.agent}`)).toEqual([]);
  expect((await decide(question, bo, { decision: 'approve', reason: 'I have looked' })).status).toBe(200);
  await becomes(question.run, 'succeeded');
});

test('four eyes reach to the runs below and to forks: who started the root may not approve there', async () => {
  const [ada, bo, cy] = [await person('operator'), await person('operator'), await person('operator')];
  const child = await asking({ four_eyes: true }, bo, 'below');
  await server.ask(admin, 'POST', '/v1/agents', {
    name: 'above',
    tools: [{ agent: 'below' }],
    rehearsal: [{ calls: [{ tool: 'below', args: { input: 'go' } }] }, { say: 'done' }],
  });
  const root = String((await server.ask(ada.key, 'POST', '/v1/runs', { agent: 'above' })).json['id']);
  const below = async () =>
    (await server.ask(admin, 'GET', `/v1/runs?parent=${root}`)).json['items'] as { id: string }[];
  await expect.poll(below, { timeout: 20_000 }).toHaveLength(1);
  const question = await open(String((await below())[0]?.id), 'below');
  expect(refusal(await decide(question, ada))).toEqual([403, 'approval_four_eyes']);
  expect((await decide(question, bo)).status).toBe(200);
  await becomes(root, 'succeeded');

  await server.ask(admin, 'POST', `/v1/runs/${child.run}/pause`);
  const forked = (await server.ask(cy.key, 'POST', `/v1/runs/${child.run}/fork`)).json;
  const again = await open(String(forked['id']), 'below');
  for (const author of [bo, cy]) expect(refusal(await decide(again, author))).toEqual([403, 'approval_four_eyes']);
  expect((await decide(again, ada)).status).toBe(200);
});

test('arguments change between reading and deciding: what was read is not what is approved', async () => {
  const [ada, bo, cy] = [await person('operator'), await person('operator'), await person('operator')];
  const question = await asking({ four_eyes: true }, ada);
  const args = { name: 'b.txt', content: 'b' };
  expect((await decide(question, bo, { decision: 'change', arguments: args, reason: 'better' })).status).toBe(200);
  expect(refusal(await decide(question, cy, { decision: 'approve', hash: question.hash }))).toEqual([
    409,
    'approval_hash_mismatch',
  ]);
  // Whoever wrote them has no other eyes.
  expect(refusal(await decide(question, bo))).toEqual([403, 'approval_four_eyes']);
  expect((await decide(question, cy)).status).toBe(200);
  await becomes(question.run, 'succeeded');
  const files = (await server.ask(admin, 'GET', `/v1/runs/${question.run}/artifacts`)).json['items'];
  expect(files).toMatchObject([{ name: 'b.txt' }]);
});

test('those who are named decide, and nobody else; an admin may say no', async () => {
  const [ada, bo, boss] = [await person('operator'), await person('operator'), await person('admin')];
  const question = await asking({ by: { keys: [ada.id] } }, bo);
  for (const other of [bo, boss])
    expect(refusal(await decide(question, other))).toEqual([403, 'approval_role_required']);
  expect(await mine(bo, `&agent=${question.agent}`)).toEqual([]);
  expect(await mine(ada, `&kind=approval&agent=${question.agent}`)).toEqual([question.run]);
  expect(await mine(ada, `&kind=question&agent=${question.agent}`)).toEqual([]);
  expect((await decide(question, ada)).status).toBe(200);
  const denied = await asking({ by: { keys: [ada.id] } }, bo);
  expect((await decide(denied, boss, { decision: 'deny', reason: 'she is away' })).status).toBe(200);
  expect(await typesOf(denied.run)).not.toContain('tool.called');
});

test('a question that has expired takes no more decisions, whoever has agreed before', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const question = await asking({ by: { count: 2 }, expires: '2s' }, ada);
  await decide(question, ada);
  await becomes(question.run, 'succeeded');
  expect((await events(question.run)).find(({ type }) => type === 'approval.decided')).toMatchObject({
    data: { decision: 'denied', by: { type: 'system', id: 'expiry' } },
  });
  expect(refusal(await decide(question, bo))).toEqual([409, 'run_ended']);
});

test('why somebody decided is in the log and in the audit, with what was decided about', async () => {
  const ada = await person('operator');
  const question = await asking({}, ada);
  await decide(question, ada, { decision: 'deny', reason: 'too dear', hash: question.hash });
  await becomes(question.run, 'succeeded');
  expect((await events(question.run)).find(({ type }) => type === 'approval.decided')?.data).toMatchObject({
    decision: 'denied',
    reason: 'too dear',
    by: { id: ada.id },
  });
  const { items } = auditPage.parse((await server.ask(admin, 'GET', `/v1/audit?target=${question.path}`)).json);
  expect(items).toMatchObject([
    {
      outcome: 'done',
      by: { id: ada.id },
      detail: { decision: 'deny', reason: 'too dear', hash: question.hash, seq: expect.any(Number) },
    },
  ]);
});

test('a viewer settles nothing; more people than are named is refused at publish', async () => {
  const [ada, viewer] = [await person('operator'), await person('viewer')];
  const question = await asking({}, ada);
  expect(await mine(viewer)).toEqual([]);
  expect(await mine(ada, `&agent=${question.agent}`)).toEqual([question.run]);
  const published = await server.ask(admin, 'POST', '/v1/agents', {
    name: 'never',
    tools: [{ builtin: 'artifacts.write', approval: { by: { keys: [ada.id], count: 2 } } }],
  });
  expect([published.status, published.json['code']]).toEqual([422, 'approvers_too_few']);
});

test('a webhook is told when a question opens, and what was said to it until it closes', async () => {
  const [ada, bo] = [await person('operator'), await person('operator')];
  const agent = 'told';
  const groups = ['attention', 'decisions'];
  await server.ask(admin, 'POST', '/v1/webhooks', { url: `${receiver.url}/approvals`, events: groups, agent });
  const question = await asking({ by: { count: 2 } }, ada, agent);
  const told = () =>
    receiver.received
      .filter(({ path }) => path === '/approvals')
      .map(({ body }) => (JSON.parse(body) as { type: string }).type);
  await expect.poll(told, { timeout: 15_000 }).toEqual(['approval.asked']);
  await decide(question, ada);
  await expect.poll(told, { timeout: 15_000 }).toEqual(['approval.asked', 'approval.given']);
  await decide(question, bo);
  await expect.poll(told, { timeout: 15_000 }).toEqual(['approval.asked', 'approval.given', 'approval.decided']);
});
