import { randomUUID } from 'node:crypto';
import type { Actor } from '@holdfast/contracts';
import { newRun, newTenant, appendTo, deliveryAt, projectionOf } from '@holdfast/testing';
import { newBulk, newSchedule, plainRun, type RunRef } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Login, logins, readable, tables } from './database-rights.suite.ts';
import type { OpenedStores } from './open-stores.suite.ts';
import type { Sql } from './sql.ts';

/** The wall between tenants, seen from SQL with each login's rights. */
export function describeSecurity(name: string, open: () => Promise<OpenedStores>): void {
  describe(`security: ${name}`, () => {
    let stores: OpenedStores;
    let mine: RunRef;
    let theirs: RunRef;
    beforeAll(async () => {
      stores = await open();
      mine = await full(stores);
      theirs = await full(stores);
    });
    afterAll(() => stores.close());

    /** As that login, in that tenant's scope or in none; taken back afterwards. */
    const as = <T>(role: string, tenant: string | null, work: (sql: Sql) => Promise<T>): Promise<T> =>
      stores.database.connections.lend(async (sql) => {
        await sql.query(`begin; set local role ${role}`);
        if (tenant !== null) await sql.query("select pg_catalog.set_config('hf.tenant', $1, true)", [tenant]);
        try {
          return await work(sql);
        } finally {
          await sql.query('rollback');
        }
      });
    const count = async (sql: Sql, table: string, tenant?: string): Promise<number> => {
      const column = table === 'tenants' ? 'id' : 'tenant_id';
      const where = tenant === undefined ? '' : ` where ${column} = '${tenant}'`;
      const [row] = await sql.query<{ count: number }>(`select count(*)::int as count from holdfast.${table}${where}`);
      return row?.count ?? -1;
    };
    const rows = (text: string): Promise<readonly Record<string, unknown>[]> =>
      stores.database.connections.lend((sql) => sql.query(text));

    describe.each(logins)('%s', (login) => {
      test.each(readable[login])('sees its tenant in %s, and nobody else', async (table) => {
        expect(await as(login, mine.tenant, (sql) => count(sql, table))).toBeGreaterThan(0);
        expect(await as(login, mine.tenant, (sql) => count(sql, table, theirs.tenant))).toBe(0);
        expect(await as(login, randomUUID(), (sql) => count(sql, table))).toBe(0);
        expect(await as(login, null, (sql) => count(sql, table))).toBe(0);
        expect(await as(login, '', (sql) => count(sql, table))).toBe(0);
      });

      test.each(tables.filter((table) => !readable[login].includes(table)).concat('workers', 'turn'))(
        'may not read %s',
        async (table) => {
          await expect(as(login, mine.tenant, (sql) => count(sql, table))).rejects.toMatchObject({ code: '42501' });
        },
      );

      test.each([
        `insert into holdfast.run_events (run_id, seq, tenant_id, type, format, at, payload) values ('RUN', 99, 'TENANT', 'x', 1, 1, '{}')`,
        `update holdfast.run_events set payload = '{}'`,
        `delete from holdfast.run_events`,
        `truncate holdfast.run_events`,
        `update holdfast.runs set head = 1`,
        `delete from holdfast.runs`,
        `insert into holdfast.due (kind, subject, tenant_id, at) values ('run', 'RUN', 'TENANT', 1)`,
        `update holdfast.attention set role = null`,
        `delete from holdfast.attention`,
        `update holdfast.api_keys set roles = '["admin"]'`,
        `update holdfast.api_keys set name = 'x'`,
        `delete from holdfast.api_keys`,
        `update holdfast.tenants set slots = 1000`,
        `update holdfast.versions set body = '{}'`,
        `delete from holdfast.versions`,
        `delete from holdfast.idempotency_keys`,
        `delete from holdfast.threads`,
        `update holdfast.tenants set retention_days = 1`,
        `insert into holdfast.usage_of_deleted values ('TENANT', 1, 'x', 1, 1, 1)`,
        `delete from holdfast.usage_of_deleted`,
        `delete from holdfast.secrets`,
        `delete from holdfast.webhooks`,
        `update holdfast.webhook_cursors set next_seq = 1`,
        `delete from holdfast.webhook_deliveries`,
        `insert into holdfast.audit (tenant_id, number, at, operation, actor, target, line, hash)
         values ('TENANT', 9, 1, 'x', 'a', '/', '{}', '')`,
        `update holdfast.audit set line = '{}'`,
        `delete from holdfast.audit`,
        `update holdfast.audit_heads set number = 0`,
        `insert into holdfast.audit_checkpoints (tenant_id, number, hash, count, at) values ('TENANT', 1, '', 1, 1)`,
        `update holdfast.audit_checkpoints set number = 9`,
        `create table holdfast.mine (a int)`,
        `select * from holdfast.is_dead('x')`,
      ])('is refused: %s', async (text) => {
        const statement = text.replace('RUN', mine.run).replace('TENANT', mine.tenant);
        await expect(as(login, mine.tenant, (sql) => sql.query(statement))).rejects.toMatchObject({ code: '42501' });
      });
    });

    test('the API writes agents and keys into its own tenant only', async () => {
      const agent = (tenant: string): string =>
        `insert into holdfast.agents (tenant_id, name) values ('${tenant}', 'x') returning name`;
      expect(await as('holdfast_api', mine.tenant, (sql) => sql.query(agent(mine.tenant)))).toHaveLength(1);
      await expect(as('holdfast_api', mine.tenant, (sql) => sql.query(agent(theirs.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
      await expect(as('holdfast_api', null, (sql) => sql.query(agent(mine.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
    });

    test('an audit line stays within the scope', async () => {
      const write = `select holdfast.write_audit('x', 'a', '/', '{}')`;
      for (const tenant of [null, ''])
        await expect(as('holdfast_api', tenant, (sql) => sql.query(write))).rejects.toMatchObject({ code: '42501' });
      const written = await as('holdfast_api', mine.tenant, async (sql) => {
        await sql.query(write);
        return sql.query('select distinct tenant_id from holdfast.audit');
      });
      expect(written).toEqual([{ tenant_id: mine.tenant }]);
    });

    test.each(logins)('append, fork and lock of %s stay within the scope, whatever they are told', async (login) => {
      const append = `select * from holdfast.append_in_scope('${theirs.tenant}', '${theirs.run}', '${randomUUID()}', 2,
        'running', '[]', null, '{x}', '{1}', '{1}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{}', null)`;
      for (const tenant of [mine.tenant, null]) {
        const [refusal] = await as(login, tenant, (sql) => sql.query(append));
        expect(refusal).toMatchObject({ outcome: 'missing' });
      }
      const fork = (tenant: string): string =>
        `select holdfast.fork_run('${tenant}', '${theirs.run}', 2, 1, '${randomUUID()}', 'a', '${randomUUID()}', 1, null, '{}', 1)`;
      await expect(as(login, mine.tenant, (sql) => sql.query(fork(theirs.tenant)))).rejects.toMatchObject({
        code: '42501',
      });
      expect(await as(login, mine.tenant, (sql) => sql.query(fork(mine.tenant)))).toEqual([{ fork_run: false }]);
      expect(
        await as(login, mine.tenant, (sql) => sql.query(`select * from holdfast.lock_run('${theirs.run}')`)),
      ).toEqual([]);
    });

    test.each(logins)('%s creates runs in its scope only', async (login) => {
      const create = `select holdfast.create_run('${theirs.tenant}', '${randomUUID()}', 'a', '${randomUUID()}', 1, null, '{}',
        '${randomUUID()}', 'queued', '[]', null, '{x}', '{1}', '{1}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{}', null)`;
      for (const tenant of [mine.tenant, null])
        await expect(as(login, tenant, (sql) => sql.query(create))).rejects.toMatchObject({ code: '42501' });
    });

    test('schedules stay within the scope, whatever they are told', async () => {
      const [of] = await rows(`select id from holdfast.schedules where tenant_id = '${theirs.tenant}'`);
      const id = String(of?.['id']);
      const create = `select holdfast.create_schedule('${id}', 'stolen', '{}', '{}', 1, 1) as done`;
      for (const tenant of [null, ''])
        await expect(as('holdfast_api', tenant, (sql) => sql.query(create))).rejects.toMatchObject({ code: '42501' });
      /** What a call from another tenant has left of it. */
      const after = (login: (typeof logins)[number], call: string, tenant: string | null) =>
        as(login, tenant, async (sql) => {
          await sql.query(`select ${call}`);
          await sql.query('reset role');
          return sql.query(`select s.name, s.step, d.at from holdfast.schedules s left join holdfast.due d
            on d.kind = 'schedule' and d.subject = s.id where s.id = '${id}' and s.tenant_id = '${theirs.tenant}'`);
        });
      const untouched = [{ name: 'nightly', step: 1, at: 7 }];
      const change = `holdfast.change_schedule('${id}', 'mine', '{}', '{}', 2, 2, 2, 99)`;
      const remove = `holdfast.delete_schedule('${id}')`;
      const make = `holdfast.create_schedule('${id}', 'mine', '{}', '{}', 1, 99)`;
      for (const call of [change, remove, make])
        expect(await after('holdfast_api', call, mine.tenant)).toEqual(untouched);
      expect(await after('holdfast_api', change, theirs.tenant)).toEqual([{ name: 'mine', step: 2, at: 99 }]);
      expect(await after('holdfast_api', remove, theirs.tenant)).toEqual([]);
      const save = `holdfast.save_schedule('${id}', '{}', 2)`;
      for (const login of logins) {
        const lock = `select holdfast.lock_schedule('${id}') as found`;
        expect(await as(login, mine.tenant, (sql) => sql.query(lock))).toEqual([{ found: false }]);
        expect(await as(login, theirs.tenant, (sql) => sql.query(lock))).toEqual([{ found: true }]);
        expect(await after(login, save, mine.tenant)).toEqual(untouched);
        expect(await after(login, save, theirs.tenant)).toEqual([{ name: 'nightly', step: 2, at: 7 }]);
      }
    });

    test.each(logins)('%s gives a schedule only to a run that is new and its tenant’s', async (login) => {
      const fresh = await newRun(stores, { tenant: theirs.tenant });
      const given = (run: string, tenant: string) =>
        as(login, tenant, async (sql) => {
          await sql.query(`select holdfast.set_run_schedule('${run}', '${randomUUID()}', 1)`);
          await sql.query('reset role');
          return sql.query(`select schedule_tick as tick from holdfast.runs where id = '${run}'`);
        });
      expect(await given(fresh.run, theirs.tenant)).toEqual([{ tick: 1 }]);
      expect(await given(fresh.run, mine.tenant)).toEqual([{ tick: null }]);
      expect(await given(theirs.run, theirs.tenant)).toEqual([{ tick: null }]);
    });

    test('bulk operations stay within the scope', async () => {
      const create = `select holdfast.create_bulk('${randomUUID()}', '{}', '{}', '{}', 'counting', '{}', '[]', 1)`;
      for (const tenant of [null, ''])
        await expect(as('holdfast_api', tenant, (sql) => sql.query(create))).rejects.toMatchObject({ code: '42501' });
      const [of] = await rows(`select id from holdfast.bulk_operations where tenant_id = '${theirs.tenant}'`);
      const save = `select holdfast.save_bulk('${String(of?.['id'])}', 'done', null, 0, 0, '{}', 0, '[]', 2, 2)`;
      for (const login of logins) {
        const lock = `select holdfast.lock_bulk('${String(of?.['id'])}') as found`;
        expect(await as(login, mine.tenant, (sql) => sql.query(lock))).toEqual([{ found: false }]);
        expect(await as(login, theirs.tenant, (sql) => sql.query(lock))).toEqual([{ found: true }]);
        const saved = (tenant: string) =>
          as(login, tenant, async (sql) => {
            await sql.query(save);
            await sql.query(`select pg_catalog.set_config('hf.tenant', '${theirs.tenant}', true)`);
            return sql.query('select phase from holdfast.bulk_operations');
          });
        expect(await saved(mine.tenant)).toEqual([{ phase: 'counting' }]);
        expect(await saved(theirs.tenant)).toEqual([{ phase: 'done' }]);
      }
    });

    test('webhooks stay within the scope, whatever they are told', async () => {
      const [of] = await rows(
        `select webhook_id, id from holdfast.webhook_cursors where tenant_id = '${theirs.tenant}'`,
      );
      const [webhook, cursor] = [String(of?.['webhook_id']), String(of?.['id'])];
      const state = `select c.next_seq, c.rewinds, (select count(*)::int from holdfast.webhook_deliveries) as deliveries,
        (select count(*)::int from holdfast.webhooks) as webhooks,
        (select count(*)::int from holdfast.due where kind = 'webhook' and subject = c.id) as due
        from holdfast.webhook_cursors c where id = '${cursor}'`;
      const before = await rows(state);
      const attempt = `save_webhook_attempt('${webhook}', '${cursor}', 0, 99, 'gone', '${randomUUID()}', null, 1, 'x', 'm',
        'event', 'failed', 1, 1, 1, null, 'e', null, null)`;
      const calls: Record<Login, string[]> = {
        holdfast_api: [
          `delete_webhook('${webhook}')`,
          `enable_webhook('${webhook}')`,
          `rewind_webhook('${webhook}', '${theirs.run}', null, 10)`,
          `rewind_webhook('${webhook}', null, 0, 10)`,
          attempt,
        ],
        holdfast_worker: [attempt, `skip_webhook('${cursor}', 0, 99)`, `rest_webhook('${cursor}')`],
      };
      for (const login of logins)
        for (const tenant of [mine.tenant, null, ''])
          for (const call of calls[login])
            await stores.database.connections.lend(async (sql) => {
              await sql.query(`begin; set local role ${login}`);
              await sql.query("select pg_catalog.set_config('hf.tenant', $1, true)", [tenant]);
              await sql.query(`select holdfast.${call}`);
              await sql.query('commit');
            });
      expect(await rows(state)).toEqual(before);
    });

    test('deletion and retention stay within the scope, whatever they are told', async () => {
      const ended = await newRun(stores, { tenant: theirs.tenant });
      await stores.api.runs.append(appendTo(ended, 1, { projection: projectionOf({ status: 'failed' }) }));
      const [thread] = await rows(`select id from holdfast.threads where tenant_id = '${theirs.tenant}'`);
      for (const tenant of [mine.tenant, null, ''])
        for (const call of [`delete_run('${ended.run}')`, `delete_thread('${String(thread?.['id'])}')`])
          expect(await as('holdfast_api', tenant, (sql) => sql.query(`select * from holdfast.${call}`))).toMatchObject([
            { outcome: 'missing' },
          ]);
      for (const tenant of [null, '', randomUUID()])
        await expect(
          as('holdfast_api', tenant, (sql) => sql.query('select holdfast.set_retention(1)')),
        ).rejects.toMatchObject({ code: '42501' });
      await stores.api.retention.set(theirs, 1);
      const expired = 'select * from holdfast.delete_expired(10, 10)';
      for (const tenant of [mine.tenant, null, ''])
        expect(await as('holdfast_worker', tenant, (sql) => sql.query(expired))).toEqual([]);
      expect(await as('holdfast_worker', theirs.tenant, (sql) => sql.query(expired))).toContainEqual(
        expect.objectContaining({ run_id: ended.run }),
      );
      await stores.api.retention.set(theirs, null);
    });

    test('the life of a tenant stays within the scope, whatever it is told', async () => {
      const state = `select name, slots, weight, suspended_at, delete_at, erasing_since,
        (select count(*)::int from holdfast.due d where d.subject = t.id) as due
        from holdfast.tenants t where id = '${theirs.tenant}'`;
      const before = await rows(state);
      const calls: Record<Login, string[]> = {
        holdfast_api: [
          "change_tenant('taken over', null, 1, 1)",
          'suspend_tenant()',
          'resume_tenant()',
          'delete_tenant(1)',
          'keep_tenant()',
        ],
        holdfast_worker: ['erase_tenant(1000)', 'finish_erasure()'],
      };
      for (const login of logins)
        for (const tenant of [null, '', randomUUID()])
          for (const call of calls[login])
            await stores.database.connections.lend(async (sql) => {
              await sql.query(`begin; set local role ${login}`);
              await sql.query("select pg_catalog.set_config('hf.tenant', $1, true)", [tenant]);
              await sql.query(`select holdfast.${call}`);
              await sql.query('commit');
            });
      expect(await rows(state)).toEqual(before);
      expect(await rows("select count(*)::int as due from holdfast.due where kind = 'erasure'")).toEqual([{ due: 0 }]);
      for (const tenant of [null, ''])
        await expect(
          as('holdfast_api', tenant, (sql) => sql.query("select holdfast.create_tenant('nobody', 1, 1, null)")),
        ).rejects.toMatchObject({ code: '42501' });
      for (const login of logins) {
        const rests = (tenant: string | null) =>
          as(login, tenant, (sql) => sql.query('select * from holdfast.rests_of_tenant()'));
        expect(await rests(null)).toEqual([]);
        expect(await rests(mine.tenant)).not.toEqual([]);
      }
      // One that is there cannot be made again, nor taken.
      expect(
        await as('holdfast_api', mine.tenant, (sql) =>
          sql.query("select holdfast.create_tenant('again', 1, 1, null) as outcome"),
        ),
      ).not.toEqual([{ outcome: 'made' }]);
    });

    test('what somebody had in hand while the tenant was suspended is neither offered nor claimed', async () => {
      const run = await newRun(stores, await newTenant(stores));
      const scope = { tenant: run.tenant };
      await stores.api.transactions.run(scope, ({ tenants }) => tenants.suspend(scope));
      // As one whose row was locked at that moment: the suspension leaves it admitted.
      await rows(`update holdfast.due set admitted = true where subject = '${run.run}'`);
      const worker = await stores.worker('me');
      expect((await worker.schedule.pick(100, 0)).filter(({ tenant }) => tenant === run.tenant)).toEqual([]);
      const claim = appendTo(run, 1, { worker: 'me', take: { type: 'claim' } });
      expect(await worker.runs.append(claim)).toMatchObject({ type: 'not-yours' });
      await stores.api.transactions.run(scope, ({ tenants }) => tenants.resume(scope));
      expect(await worker.runs.append(claim)).toMatchObject({ type: 'accepted' });
    });

    test('a tenant with a row in every table is erased from all of them', async () => {
      const whole = await full(stores);
      const left = async (): Promise<string[]> => Object.keys(await stores.api.tenants.rests(whole)).toSorted();
      expect(await left()).toEqual(tables.filter((table) => table !== 'tenants'));
      const worker = await stores.worker('me');
      await stores.api.transactions.run(whole, ({ tenants }) => tenants.delete(whole, 0));
      let step = 'more';
      while (step === 'more') step = await worker.erasure.erase(whole);
      // It had a run under way: what carries that elsewhere hears of it first.
      expect(step).toBe('held');
      await rows(`delete from holdfast.due where kind = 'engine' and tenant_id = '${whole.tenant}'`);
      expect(await worker.erasure.erase(whole)).toBe('clean');
      expect(await left()).toEqual(['due']);
      expect(await worker.erasure.finish(whole)).toBe('erased');
      expect(await left()).toEqual([]);
      expect(await stores.api.tenants.get(whole)).toBeNull();
    });

    test('the owner of the tables sees tenants, and their rows only inside a tenant', async () => {
      expect(await as('holdfast_owner', null, (sql) => count(sql, 'tenants'))).toBeGreaterThan(1);
      for (const table of tables.filter((one) => one !== 'tenants')) {
        expect(await as('holdfast_owner', null, (sql) => count(sql, table))).toBe(0);
      }
    });
  });
}

/** A tenant with a row in every table. */
async function full(stores: OpenedStores): Promise<RunRef> {
  const scope = await newTenant(stores);
  const settings = { url: 'https://receiver.test', description: '', events: ['all'], agent: null } as const;
  const claim = { externalId: null, name: await nameOf(stores, scope), roles: [] };
  const identity = { issuer: 'https://id', subject: randomUUID(), kind: 'person', name: null, email: null } as const;
  const said = { ...identity, tenants: [claim], platformAdmin: false, session: null, expiresAt: 0 };
  const ids = { tenant: randomUUID(), member: randomUUID() };
  await stores.api.entrance.enter(said, claim, { slots: null, only: null, ids });
  const budget = randomUUID();
  const limits = { tokens: 10, costUsdMicros: null, noticeAt: null };
  await stores.api.budgets.create(scope, budget, {
    ...limits,
    name: 'all',
    agent: null,
    period: 'total',
    timeZone: 'UTC',
  });
  const worker = await stores.worker('me');
  const window = { budget, starts_at: 0 };
  const taken = [{ ...window, ends_at: null, tokens: 1, cost_usd_micros: 0 }];
  const waits = { ...window, limit: 'tokens', needed: 10, unpriced: false } as const;
  const moves = { returned: [], taken, noticed: [], waits, goesOn: false };
  await worker.runs.append(appendTo(await newRun(stores, scope), 1, { budgets: moves }));
  const webhook = await stores.api.webhooks.create(scope, randomUUID(), settings);
  await stores.api.webhooks.note(scope, webhook.id, deliveryAt(1));
  const run = await newRun(stores, scope, { attributes: { ...plainRun, tags: ['a'] } });
  const projection = projectionOf({
    status: 'waiting',
    dueAt: stores.clock.now(),
    attention: {
      opened: [{ ref: 'a', kind: 'limit', call: null, role: null, since: 1, until: null, detail: '{}' }],
      closed: [],
    },
    artifacts: [{ digest: 'aa', name: null, mediaType: 'text/plain', size: 1 }],
  });
  await stores.api.runs.append(appendTo(run, 1, { projection }));
  await stores.api.agents.setAlias(scope, 'librarian', 'prod', [{ version: 1, weight: 1 }]);
  await stores.database.connections.lend((sql) =>
    sql.query(`insert into holdfast.threads (tenant_id, id, metadata, created_at)
      values ('${scope.tenant}', '${randomUUID()}', '{}', 1)`),
  );
  await stores.api.secrets.put(scope, 'token', null, () => ({ keyId: 'k', nonce: 'n', ciphertext: 'c' }));
  const upload = { id: randomUUID(), name: 'a', mediaType: 'a/b', size: 1, digest: 'aa' };
  await stores.api.uploads.create(scope, upload, 60_000);
  const by: Actor = { type: 'system', id: 'test', roles: [] };
  const entry = { operation: 'x', target: '/', by, requestId: 'r', detail: {} };
  await stores.api.transactions.run(scope, ({ audit }) => audit.write(scope, entry));
  await stores.database.connections.lend((sql) =>
    sql.query('insert into holdfast.audit_checkpoints (tenant_id, number, hash, count, at) values ($1, 0, $2, 0, 0)', [
      scope.tenant,
      '',
    ]),
  );
  const spec = { type: 'mcp', url: 'https://mcp.test', headers: {} } as const;
  await stores.api.toolServers.put(scope, { name: 'crm', url: spec.url, spec, listing: null }, null);
  const request = { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' };
  await stores.api.transactions.once(scope, request, async () => ({ status: 200, body: '{}' }));
  const asked = { id: randomUUID(), work: { type: 'cancel' }, filter: { agent: 'none' } } as const;
  await stores.api.transactions.run(scope, ({ bulk }) => bulk.create(scope, newBulk({ ...asked, by }, 1)));
  const timed = {
    name: 'nightly',
    agent: 'librarian',
    input: '',
    metadata: {},
    tags: [],
    priority: 0,
    cron: '0 9 * * *',
    timeZone: 'UTC',
    jitterSeconds: 0,
    overlap: 'skip',
    catchUpSeconds: 60,
    startsAt: null,
    endsAt: null,
  } as const;
  const schedule = newSchedule(randomUUID(), timed, 1);
  await stores.api.transactions.run(scope, ({ schedules }) => schedules.create(scope, schedule, 7));
  await worker.runs.saveSnapshot(run, { seq: 1, format: 'x', body: '{}' });
  const gone = await newRun(stores, scope);
  await stores.api.runs.append(appendTo(gone, 1, { projection: projectionOf({ status: 'failed' }) }));
  await stores.api.directory.delete(gone);
  return run;
}

async function nameOf({ database }: OpenedStores, { tenant }: { readonly tenant: string }): Promise<string> {
  const [row] = await database.connections.lend((sql) =>
    sql.query<{ name: string }>('select name from holdfast.tenants where id = $1', [tenant]),
  );
  if (row === undefined) throw new Error('there is no such tenant');
  return row.name;
}
