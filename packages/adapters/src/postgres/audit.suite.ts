import {
  type AuditRow,
  type AuditVerdict,
  exportAudit,
  hashOfLine,
  type TenantScope,
  verifyExport,
  verifyStored,
} from '@holdfast/core';
import { newTenant } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanAudit } from './audit-log.ts';
import type { OpenedStores } from './open-stores.suite.ts';

const DAY = 86_400_000;

/** Whoever can write to the tables leaves traces; and lines that outlive their time go without breaking the chain. */
export function describeAuditTables(name: string, open: () => Promise<OpenedStores>): void {
  describe(`audit tables: ${name}`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const sql = (text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> =>
      stores.database.connections.lend((connection) => connection.query(text, values as string[]));

    async function tenantWith(lines: number): Promise<TenantScope> {
      const scope = await newTenant(stores);
      for (let place = 1; place <= lines; place += 1)
        await stores.api.audit.write(scope, {
          operation: 'agents.publish',
          target: `/v1/agents/a/versions/${place}`,
          by: { type: 'api-key', id: 'k', roles: ['admin'] },
          requestId: 'r',
          detail: { place },
        });
      return scope;
    }
    const verify = (scope: TenantScope): Promise<AuditVerdict> => verifyStored(stores.api.audit, scope);
    const rowsOf = (scope: TenantScope): Promise<readonly AuditRow[]> => stores.api.audit.chain(scope, 0, 10_000);

    /** As if the first lines had been written long ago, by whoever wrote them. */
    async function age(scope: TenantScope, upTo: number, days: number): Promise<void> {
      let hash = '';
      for (const row of await rowsOf(scope)) {
        const at = row.number <= upTo ? row.at - days * DAY : row.at;
        hash = hashOfLine(scope.tenant, hash, { ...row, at });
        await sql('update holdfast.audit set at = $3, hash = $4 where tenant_id = $1 and number = $2', [
          scope.tenant,
          row.number,
          at,
          hash,
        ]);
      }
      await sql('update holdfast.audit_heads set hash = $2 where tenant_id = $1', [scope.tenant, hash]);
    }
    const exported = async (scope: TenantScope, after = 0): Promise<string[]> => {
      let text = '';
      for await (const line of exportAudit(stores.api.audit, scope, after)) text += line;
      return text.trimEnd().split('\n');
    };

    describe('what somebody does to the table is found and named', () => {
      /** Moves the lines from a number on by so many places. */
      const shift = (from: number, by: number): string[] => [
        `update holdfast.audit set number = -number where tenant_id = $1 and number >= ${from}`,
        `update holdfast.audit set number = -number + ${by} where tenant_id = $1 and number < 0`,
      ];
      const remove = (where: string): string => `delete from holdfast.audit where tenant_id = $1 and ${where}`;
      const copy = (from: number, to: number): string =>
        `insert into holdfast.audit select tenant_id, ${to}, at, operation, 'intruder', target, line, hash
         from holdfast.audit where tenant_id = $1 and number = ${from}`;
      const cases: [what: string, statements: string[], verdict: Record<string, unknown>][] = [
        [
          'a changed line',
          [`update holdfast.audit set line = replace(line, '5', '6') where tenant_id = $1 and number = 5`],
          { number: 5, problem: 'changed' },
        ],
        [
          'a line said to be another person’s',
          [`update holdfast.audit set actor = 'x' where tenant_id = $1 and number = 5`],
          { number: 5, problem: 'changed', found: expect.stringContaining('versions/5 by x with the hash') },
        ],
        [
          'a removed line',
          [remove('number = 5')],
          { number: 5, problem: 'removed', found: expect.stringMatching(/^line 6/) },
        ],
        [
          'a removed line whose gap was closed, with the head set back',
          [
            remove('number = 5'),
            ...shift(6, -1),
            'update holdfast.audit_heads set number = number - 1 where tenant_id = $1',
          ],
          { number: 5, problem: 'removed', found: expect.stringContaining('written as 6: agents.publish of') },
        ],
        [
          'two lines that changed places',
          [
            'update holdfast.audit set number = -5 where tenant_id = $1 and number = 5',
            'update holdfast.audit set number = 5 where tenant_id = $1 and number = 6',
            'update holdfast.audit set number = 6 where tenant_id = $1 and number = -5',
          ],
          { number: 5, problem: 'reordered', found: expect.stringContaining('written as 6') },
        ],
        [
          'an inserted line',
          [...shift(5, 1), copy(4, 5), 'update holdfast.audit_heads set number = number + 1 where tenant_id = $1'],
          { number: 5, problem: 'inserted', found: expect.stringContaining('by intruder, which is none of the chain') },
        ],
        ['a line behind the head', [copy(9, 13)], { number: 13, problem: 'changed' }],
        [
          'a cut tail',
          [remove('number > 9')],
          { number: 10, problem: 'removed', found: 'nothing: the lines end at 9, the head is at 12' },
        ],
        ['all lines gone', [remove('true')], { number: 1, problem: 'removed' }],
        [
          'a removed beginning with a forged checkpoint',
          [
            `insert into holdfast.audit_checkpoints select tenant_id, number, hash, 4, at from holdfast.audit
             where tenant_id = $1 and number = 4`,
            remove('number <= 4'),
          ],
          { number: 4, problem: 'checkpoint-forged', found: 'a checkpoint of which no line tells' },
        ],
        [
          'another head',
          [`update holdfast.audit_heads set hash = repeat('0', 64) where tenant_id = $1`],
          { number: 12, problem: 'changed', found: expect.stringContaining('written anew') },
        ],
      ];
      test.each(cases)('%s', async (_what, statements, verdict) => {
        const scope = await tenantWith(12);
        expect(await verify(scope)).toMatchObject({ type: 'whole', lines: 12 });
        for (const statement of statements) await sql(statement, [scope.tenant]);
        const found = await verify(scope);
        expect(found).toMatchObject({ type: 'broken', ...verdict });
        // Offline, from what the server gives out, it is the same.
        expect((await verifyExport(await exported(scope))).verdict).toEqual(found);
      });
    });

    test('an export goes on where somebody has stopped, and the two fit together', async () => {
      const scope = await tenantWith(5);
      const first = await exported(scope);
      const head = await stores.api.audit.head(scope);
      await stores.api.audit.write(scope, {
        operation: 'x',
        target: '/v1/x',
        by: { type: 'api-key', id: 'k', roles: [] },
        requestId: 'r',
        detail: {},
      });
      const second = await exported(scope, 5);
      expect([first.length, second.length]).toEqual([7, 3]);
      expect((await verifyExport(second, 5)).hashAt).toBe(head.hash);
      expect((await verifyExport(second)).verdict).toMatchObject({ type: 'whole', lines: 1, from: 5 });
      expect(await exported(scope, 50)).toHaveLength(8);
    });

    describe('retention', () => {
      const clean = (days: number | null = null): Promise<number> => cleanAudit(stores.database.connections, days);
      const cleanAll = async (days: number | null = null): Promise<number[]> => {
        const steps: number[] = [];
        for (let removed = await clean(days); removed > 0; removed = await clean(days)) steps.push(removed);
        return steps;
      };

      test('lines are kept for ever until somebody says otherwise', async () => {
        const scope = await tenantWith(3);
        await age(scope, 3, 5_000);
        expect(await stores.api.audit.days(scope)).toBeNull();
        expect(await clean()).toBe(0);
        expect(await rowsOf(scope)).toHaveLength(3);
      });

      test('older lines go; a line of the chain says so, and the chain is whole from there on', async () => {
        const [scope, other] = [await tenantWith(8), await tenantWith(3)];
        await age(scope, 5, 41);
        await age(other, 3, 39);
        const before = await exported(scope);
        await stores.api.audit.setDays(scope, 40);
        await stores.api.audit.setDays(other, 40);
        expect(await cleanAll()).toEqual([5]);
        const checkpoint = await stores.api.audit.checkpoint(scope);
        const rows = await rowsOf(scope);
        expect(checkpoint).toMatchObject({ number: 5, count: 5 });
        expect(rows.map(({ number }) => number)).toEqual([6, 7, 8, 9]);
        expect(rows.at(-1)).toMatchObject({ operation: 'audit.checkpoint', actor: 'retention' });
        expect(JSON.parse(rows.at(-1)?.line ?? '')).toMatchObject({
          by: { type: 'system' },
          detail: { number: 5, hash: checkpoint?.hash, count: 5 },
        });
        expect(await verify(scope)).toMatchObject({ type: 'whole', from: 5, lines: 4 });
        expect(await rowsOf(other)).toHaveLength(3);
        // What somebody has kept from before still fits.
        expect(await verifyExport(before, 5)).toMatchObject({ verdict: { type: 'whole' }, hashAt: checkpoint?.hash });
        expect((await verifyExport(await exported(scope))).verdict).toMatchObject({ type: 'whole', from: 5 });
      });

      test('each step is small; the next begins where it ended, and few lines wait for a day', async () => {
        const scope = await tenantWith(1);
        const [first] = await rowsOf(scope);
        const lines: string[] = [];
        let hash = first?.hash ?? '';
        const at = (first?.at ?? 0) - 100 * DAY;
        hash = '';
        for (let number = 1; number <= 2_300; number += 1) {
          const row = { number, at, operation: 'x', actor: 'k', target: '/x', line: '{"detail":{}}' };
          hash = hashOfLine(scope.tenant, hash, row);
          lines.push(JSON.stringify({ ...row, hash }));
        }
        await sql('delete from holdfast.audit where tenant_id = $1', [scope.tenant]);
        await sql(
          `insert into holdfast.audit (tenant_id, number, at, operation, actor, target, line, hash)
           select $1, r.* from jsonb_to_recordset($2::jsonb)
             as r (number bigint, at bigint, operation text, actor text, target text, line text, hash text)`,
          [scope.tenant, `[${lines.join(',')}]`],
        );
        await sql('update holdfast.audit_heads set number = 2300, hash = $2 where tenant_id = $1', [
          scope.tenant,
          hash,
        ]);
        await stores.api.audit.setDays(scope, 30);
        expect(await cleanAll()).toEqual([1_000, 1_000]);
        expect(await verify(scope)).toMatchObject({ type: 'whole', from: 2_000, lines: 302 });
        await sql('update holdfast.audit_checkpoints set at = at - $2 where tenant_id = $1', [scope.tenant, 2 * DAY]);
        expect(await cleanAll()).toEqual([300]);
        expect(await verify(scope)).toMatchObject({ type: 'whole', from: 2_300, lines: 3 });
        // Nothing but lines about checkpoints is left: they are not removed for their own sake.
        await sql('update holdfast.audit set at = at - $2 where tenant_id = $1', [scope.tenant, 100 * DAY]);
        await sql('update holdfast.audit_checkpoints set at = 0 where tenant_id = $1', [scope.tenant]);
        expect(await cleanAll()).toEqual([]);
      });

      test('a checkpoint that is moved on by hand is found', async () => {
        const scope = await tenantWith(8);
        await age(scope, 5, 41);
        await stores.api.audit.setDays(scope, 40);
        await cleanAll();
        await sql(
          `update holdfast.audit_checkpoints c set number = a.number, hash = a.hash from holdfast.audit a
           where c.tenant_id = $1 and a.tenant_id = $1 and a.number = 7`,
          [scope.tenant],
        );
        await sql('delete from holdfast.audit where tenant_id = $1 and number <= 7', [scope.tenant]);
        expect(await verify(scope)).toMatchObject({
          number: 7,
          problem: 'checkpoint-forged',
          found: 'another checkpoint than line 9 tells of, which is at 5',
        });
      });

      test('the platform says for those who say nothing, and no less than 30 days', async () => {
        // Of other tests.
        await cleanAll(1);
        const scope = await tenantWith(3);
        await age(scope, 2, 29);
        expect(await clean(1)).toBe(0);
        await age(scope, 1, 2);
        expect(await cleanAll(1)).toEqual([1]);
        await expect(stores.api.audit.setDays(scope, 29)).rejects.toThrow(/audit_days/);
        await stores.api.audit.setDays(scope, null);
      });

      test('a step that is broken off leaves all as it was; two at once remove each line once', async () => {
        const scope = await tenantWith(6);
        await age(scope, 4, 41);
        await stores.api.audit.setDays(scope, 40);
        const broken = stores.database.connections.lend(async (connection) => {
          await connection.query('begin');
          const [row] = await connection.query<{ removed: number }>(
            'select holdfast.clean_audit(null, 1000) as removed',
          );
          await connection.query('rollback');
          return row?.removed;
        });
        expect(await broken).toBe(4);
        expect(await rowsOf(scope)).toHaveLength(6);
        expect(await verify(scope)).toMatchObject({ type: 'whole', from: 0 });
        const removed = await Promise.all([clean(), clean(), clean()]);
        expect(removed.filter((count) => count > 0)).toEqual([4]);
        expect(await verify(scope)).toMatchObject({ type: 'whole', from: 4, lines: 3 });
      });
    });
  });
}
