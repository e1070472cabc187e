import { newTenant } from '@holdfast/testing';
import type { TenantScope } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';
import type { Sql } from './sql.ts';
import { scopedTransactions } from './tenant-scope.ts';
import { codeOf } from './unavailable.ts';

/** Messages of several statements, on one connection, with a table of their own. */
export function describePipeline(name: string, open: () => Promise<OpenedStores>): void {
  describe(`pipeline: ${name}`, () => {
    let stores: OpenedStores;
    let scope: TenantScope;
    const lend = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => stores.database.connections.lend(work);
    const kept = (): Promise<readonly unknown[]> => lend((sql) => sql.query('select n from public.kept order by n'));
    const insert = (n: number) => ({ text: 'insert into public.kept values ($1)', values: [n] });
    const code = (wanted: string) => (error: unknown) => codeOf(error) === wanted;

    beforeAll(async () => {
      stores = await open();
      scope = await newTenant(stores);
    });
    afterAll(() => stores.close());

    test('rows come by statement, as the types say, and the same again from what is kept', async () => {
      const statements = [
        { text: 'select $1::bigint as big, $2::boolean as yes, null as nothing', values: [2 ** 40, true] },
        { text: 'select n from pg_catalog.generate_series(1, $1::integer) as n', values: [2] },
        { text: 'select 1 where $1', values: [false] },
      ];
      const rows = [[{ big: 2 ** 40, yes: true, nothing: null }], [{ n: 1 }, { n: 2 }], []];
      for (let round = 0; round < 3; round += 1)
        expect((await lend((sql) => sql.pipeline(statements))).slice(0, 3)).toEqual(rows);
    });

    test('it is one transaction: a statement that fails takes those before it back, and the connection goes on', async () => {
      await lend((sql) => sql.query('create table public.kept (n integer primary key)'));
      await lend((sql) => sql.pipeline([insert(1), insert(2)]));
      for (let round = 0; round < 2; round += 1)
        await expect(lend((sql) => sql.pipeline([insert(3), insert(1), insert(4)]))).rejects.toSatisfy(code('23505'));
      expect(await kept()).toEqual([{ n: 1 }, { n: 2 }]);
      await lend((sql) => sql.pipeline([insert(3)]));
      expect(await kept()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    test('a text that cannot be parsed leaves nothing half kept', async () => {
      for (let round = 0; round < 2; round += 1)
        await expect(lend((sql) => sql.pipeline([insert(9), { text: 'selekt 1' }]))).rejects.toSatisfy(code('42601'));
      expect(await kept()).toHaveLength(3);
    });

    test('more texts than are kept still work', async () => {
      for (let n = 0; n < 250; n += 1)
        expect((await lend((sql) => sql.pipeline([{ text: `select ${n} as n` }])))[0]).toEqual([{ n }]);
    });

    test('what is written later goes with COMMIT, or with what is asked before, and fails there', async () => {
      const scoped = scopedTransactions(stores.database.connections, null);
      await scoped.in(scope, (sql) => Promise.resolve(sql.later(insert(4))));
      const seen = await scoped.in(scope, (sql) => {
        sql.later(insert(5));
        return sql.query('select count(*) as n from public.kept');
      });
      expect(seen).toEqual([{ n: 5 }]);
      await expect(scoped.in(scope, (sql) => Promise.resolve(sql.later(insert(5))))).rejects.toSatisfy(code('23505'));
      expect(await kept()).toHaveLength(5);
    });

    test('a COMMIT that undoes what had failed is no success', async () => {
      const scoped = scopedTransactions(stores.database.connections, null);
      const swallowed = scoped.in(scope, async (sql) => {
        await sql.pipeline([insert(6)]);
        await sql.pipeline([insert(6)]).catch(() => undefined);
      });
      await expect(swallowed).rejects.toThrow('undid it');
      expect(await kept()).toHaveLength(5);
    });

    test('a kept statement whose result has another type by now is made anew', async () => {
      const scoped = scopedTransactions(stores.database.connections, null);
      const read = () => scoped.read(scope, 'select * from public.kept where n = $1', [1]);
      for (let round = 0; round < 2; round += 1) expect(await read()).toEqual([{ n: 1 }]);
      await lend((sql) => sql.query('alter table public.kept add column more text'));
      expect(await read()).toEqual([{ n: 1, more: null }]);
    });
  });
}
