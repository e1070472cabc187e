import { routes } from '@holdfast/api';
import { Holdfast } from '@holdfast/sdk';
import { expect, test } from 'vitest';

/** Every operation of the client once, against nothing: what it would have asked for. */
async function asked(): Promise<Set<string>> {
  const seen = new Set<string>();
  const client = new Holdfast({
    url: 'http://holdfast.test',
    key: 'k',
    fetch: (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      seen.add(`${init?.method ?? 'GET'} ${pathname}`);
      // As Holdfast says it: what says nothing is asked again.
      const problem = {
        type: 'about:blank',
        title: 'Not found',
        status: 404,
        code: 'not_found',
        detail: 'nothing here',
      };
      return Promise.resolve(
        Response.json(problem, { status: 404, headers: { 'content-type': 'application/problem+json' } }),
      );
    },
  });
  const { agents, versions, aliases, threads, runs, schedules, attention, artifacts, tools, secrets, keys } = client;
  const { retention } = client;
  const calls: Promise<unknown>[] = [
    agents.publish({ name: 'a' }),
    agents.get('a'),
    agents.list().page(),
    versions.get('a', 1),
    versions.list('a').page(),
    aliases.set('a', 'b', { version: 1 }),
    aliases.get('a', 'b'),
    aliases.delete('a', 'b'),
    threads.create(),
    threads.get('t'),
    threads.list().page(),
    threads.delete('t'),
    runs.start({ agent: 'a' }),
    runs.get('r'),
    runs.list().page(),
    runs.events('r').next(),
    runs.send('r', 'hello'),
    runs.pause('r'),
    runs.resume('r'),
    runs.cancel('r'),
    runs.fork('r'),
    runs.rerun('r'),
    runs.effects('r'),
    runs.delete('r'),
    runs.bulk({ operation: 'rerun', filter: { agent: 'a' } }),
    runs.bulkOperation('o'),
    runs.bulkOperations().page(),
    runs.cancelBulk('o'),
    schedules.create({ name: 's', agent: 'a', cron: '* * * * *' }),
    schedules.get('p'),
    schedules.list().page(),
    schedules.update('p', { name: 's', agent: 'a', cron: '* * * * *' }),
    schedules.pause('p'),
    schedules.resume('p'),
    schedules.trigger('p'),
    schedules.next('p'),
    schedules.preview({ cron: '* * * * *' }),
    schedules.delete('p'),
    attention.list().page(),
    attention.decide('r', 'x', { decision: 'retry' }),
    artifacts.list('r'),
    artifacts.get('r', 'd'),
    tools.set('t', { type: 'mcp', url: 'http://x' }),
    tools.get('t'),
    tools.list().page(),
    tools.delete('t'),
    client.models.list(),
    client.models.prices().page(),
    secrets.set('s', 'v'),
    secrets.list().page(),
    secrets.delete('s'),
    client.members.get('m'),
    client.members.list().page(),
    client.members.update('m', { roles: [], disabled: false }),
    keys.create({ name: 'k', roles: ['viewer'] }),
    keys.get('k'),
    keys.list().page(),
    keys.rotate('k'),
    keys.revoke('k'),
    client.webhooks.create({ url: 'https://x' }),
    client.webhooks.get('w'),
    client.webhooks.list().page(),
    client.webhooks.update('w', { url: 'https://x' }),
    client.webhooks.delete('w'),
    client.webhooks.enable('w'),
    client.webhooks.disable('w'),
    client.webhooks.rotate('w'),
    client.webhooks.test('w'),
    client.webhooks.deliveries('w').page(),
    client.webhooks.replayDelivery('w', 'd'),
    client.webhooks.replay('w', { run: 'r' }),
    client.budgets.set('g', { tokens: 1 }),
    client.budgets.get('g'),
    client.budgets.list().page(),
    client.budgets.delete('g'),
    client.usage.get(),
    client.audit.list().page(),
    client.audit.head(),
    client.audit.verify(),
    client.audit.export().next(),
    client.audit.retention(),
    client.audit.setRetention(30),
    retention.get(),
    retention.set({ days: 1 }),
    client.tenants.create({ name: 't' }),
    client.tenants.get('t'),
    client.tenants.list().page(),
    client.tenants.update('t', { name: 't', external_id: null, slots: 1, weight: 1 }),
    client.tenants.suspend('t'),
    client.tenants.resume('t'),
    client.tenants.delete('t'),
    client.tenants.keep('t'),
    client.tenants.export('t').next(),
    client.platformAudit.list().page(),
    client.platformAudit.verify(),
    artifacts.link('r', 'd'),
    client.uploads.create({ name: 'f', size: 1, digest: 'd' }),
    client.uploads.get('u'),
    client.uploads.send(
      { id: 'u', size: 1, put: { url: '', headers: {}, signed: false, expires_at: null } },
      new Blob(['x']),
    ),
    client.uploads.complete('u'),
    client.server.health(),
    client.server.ready(),
    client.server.me(),
    client.server.loginOptions(),
  ];
  await Promise.allSettled(calls);
  return seen;
}

const one =
  'agents/a|versions/1|aliases/b|threads/t|runs/r|attention/x|artifacts/d|uploads/u|tools/t|secrets/s|budgets/g|api-keys/k|members/m|tenants/t|bulk/o|schedules/p|webhooks/w|deliveries/d';

test('the client has every operation of the API', async () => {
  const seen = new Set(
    [...(await asked())].map((path) =>
      path.replace(new RegExp(`(?<=/)(${one})(?=/|$)`, 'g'), (found) => `${found.split('/')[0]}/:`),
    ),
  );
  const missing = routes
    // Pages log in by going there; a program has a key or a token.
    .filter(({ url, tag }) => url !== '/metrics' && (tag !== 'Login' || url.startsWith('/v1/')))
    .map(({ method, url }) => `${method} ${url.replace(/:[a-z]+/g, ':')}`)
    .filter((operation) => !seen.has(operation));
  expect(missing).toEqual([]);
});
