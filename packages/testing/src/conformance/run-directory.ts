import { randomUUID } from 'node:crypto';
import {
  type AttentionFilter,
  type AttentionRow,
  plainRun,
  type RunAttributes,
  type RunFilter,
  type RunRef,
  type TenantScope,
  type UsageAsked,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendTo, eventAt, idAt, newRun, newTenant, projectionOf, questionAt, runIdAt } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

/** What the API reads beside the log. */
export function describeRunDirectory(name: string, open: OpenStores): void {
  describe(`run directory: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    test('a view has the first and the newest event, and the limits in force', async () => {
      const scope = await newTenant(stores);
      const ref = await newRun(stores, scope);
      expect(await stores.api.directory.view(ref)).toMatchObject({ summary: { limits: null }, first: { seq: 1 } });
      const limits = { steps: 7, tokens: 8, cost_usd_micros: null, active_ms: 9, deadline_ms: 10 };
      const appends = [
        appendTo(ref, 1, { events: [eventAt(2), eventAt(3)], projection: projectionOf({ limits }) }),
        appendTo(ref, 3),
      ];
      for (const append of appends) expect(await stores.api.runs.append(append)).toMatchObject({ type: 'accepted' });
      const view = { summary: { head: 4, limits }, first: { seq: 1 }, last: { seq: 4 } };
      expect(await stores.api.directory.view(ref)).toMatchObject(view);
      expect(await stores.api.directory.view({ ...ref, tenant: (await newTenant(stores)).tenant })).toBeNull();
    });

    test('a run is found as it was created', async () => {
      const scope = await newTenant(stores);
      const at = 1_700_000_000_123;
      const metadata = { team: 'a', odd: 'NUL \u0000 half \ud800' };
      const waitingFor = [{ reason: 'timer' as const, since: at, until: at + 5, ref: '3.0' }];
      const event = eventAt(1, { type: 'run.created', at, payload: '{"input":1}' });
      const projection = projectionOf({ status: 'waiting', waitingFor });
      const attributes = {
        agentConcurrency: 3,
        model: 'default',
        tags: ['a', 'b:c'],
        priority: -7,
        concurrencyKey: 'k "1"',
        startAt: at + 1,
        expiresAt: at + 2,
        thread: null,
        starter: 'api-key:k',
        parent: { run: randomUUID(), call: '3.0' },
        forkedFrom: { run: randomUUID(), seq: 3 },
        schedule: { id: randomUUID(), tick: 1_700_000_000_000 },
      };
      const ref = await newRun(stores, scope, { agent: 'writer', attributes, metadata, event, projection });
      expect(await stores.api.directory.get(ref)).toEqual({
        run: ref.run,
        agent: 'writer',
        version: 1,
        status: 'waiting',
        waitingFor,
        head: 1,
        attributes,
        metadata,
        limits: null,
        usage: { tokens: 0, costUsdMicros: 0 },
        createdAt: at,
        updatedAt: at,
      });
      expect((await stores.api.runs.eventsAfter(ref, 0, 10)).map(({ payload }) => payload)).toEqual(['{"input":1}']);
    });

    test('an append changes status, head and time', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const events = [eventAt(2, { at: 4_000_000_000_000 })];
      await stores.api.runs.append(appendTo(ref, 1, { events, projection: projectionOf({ status: 'paused' }) }));
      const summary = await stores.api.directory.get(ref);
      expect(summary).toMatchObject({ status: 'paused', head: 2, updatedAt: 4_000_000_000_000 });
    });

    test('nothing is found from another tenant, by another id, or by what is no id', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const { directory } = stores.api;
      for (const wrong of [await newTenant(stores), { tenant: ref.tenant }]) {
        const other = { ...wrong, run: wrong.tenant === ref.tenant ? randomUUID() : ref.run };
        expect(await directory.get(other)).toBeNull();
        expect(await directory.artifacts(other)).toEqual([]);
        expect(await directory.attention(other, { run: other.run }, null, 10)).toEqual([]);
        expect(await directory.heads([other])).toEqual([]);
      }
      expect(await directory.get({ ...ref, run: 'x' })).toBeNull();
      expect(await directory.heads([{ ...ref, run: 'x' }])).toEqual([]);
    });

    test('a run cannot be created twice, nor with a version of another tenant', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const ref = await newRun(stores, scope);
      await expect(newRun(stores, scope, { run: ref.run })).rejects.toThrow('duplicate key');
      const foreign = await stores.api.runs.load(ref);
      await expect(newRun(stores, other, { versionId: foreign?.versionId ?? '' })).rejects.toThrow('foreign key');
      expect(await stores.api.directory.list(other, {}, null, 10)).toEqual([]);
    });

    test('lists go from the newest to the oldest, in pages, filtered', async () => {
      const scope = await newTenant(stores);
      await newRun(stores, await newTenant(stores));
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const agent = index % 2 === 0 ? 'even' : 'odd';
        const { run } = await newRun(stores, scope, { run: idAt(index), agent });
        ids.unshift(run);
      }
      const list = async (
        filter: { agent?: string; status?: 'queued' | 'paused' },
        before: string | null,
        limit: number,
      ) => (await stores.api.directory.list(scope, filter, before, limit)).map(({ run }) => run);
      expect(await list({}, null, 10)).toEqual(ids);
      expect(await list({}, null, 2)).toEqual(ids.slice(0, 2));
      expect(await list({}, ids[1] ?? '', 2)).toEqual(ids.slice(2, 4));
      expect(await list({ agent: 'odd' }, null, 10)).toEqual([ids[1], ids[3]]);
      expect(await list({ agent: 'odd', status: 'queued' }, ids[1] ?? '', 10)).toEqual([ids[3]]);
      expect(await list({ status: 'paused' }, null, 10)).toEqual([]);
    });

    test('every filter narrows, alone and with others', async () => {
      const scope = await newTenant(stores);
      const at = Date.UTC(2026, 0, 1);
      const [parent, thread] = [randomUUID(), randomUUID()];
      const make = (ms: number, agent: string, attributes: Partial<RunAttributes>): Promise<RunRef> =>
        newRun(stores, scope, {
          run: runIdAt(at + ms),
          agent,
          attributes: { ...plainRun, ...attributes },
          event: eventAt(1, { type: 'run.created', at: at + ms }),
        });
      const plain = await make(0, 'a', {});
      const tagged = await make(1, 'a', { tags: ['x', 'y'] });
      const child = await make(2, 'b', { parent: { run: parent, call: '3.0' }, tags: ['x'] });
      const threaded = await make(3, 'b', { thread });
      const end = projectionOf({ status: 'failed' });
      await stores.api.runs.append(appendTo(plain, 1, { projection: end }));
      const list = async (filter: RunFilter, before: string | null = null) =>
        (await stores.api.directory.list(scope, filter, before, 10)).map(({ run }) => run);
      expect(await list({ tag: 'x' })).toEqual([child.run, tagged.run]);
      expect(await list({ tag: 'x' }, child.run)).toEqual([tagged.run]);
      expect(await list({ tag: 'y' })).toEqual([tagged.run]);
      expect(await list({ tag: 'z' })).toEqual([]);
      expect(await list({ parent })).toEqual([child.run]);
      expect(await list({ thread })).toEqual([threaded.run]);
      expect(await list({ version: 1, agent: 'a' })).toEqual([tagged.run, plain.run]);
      expect(await list({ version: 2 })).toEqual([]);
      expect(await list({ status: 'failed' })).toEqual([plain.run]);
      expect(await list({ status: 'succeeded' })).toEqual([]);
      expect(await list({ status: 'queued', tag: 'x', agent: 'a' })).toEqual([tagged.run]);
      expect(await list({ createdAfter: at })).toEqual([threaded.run, child.run, tagged.run]);
      expect(await list({ createdBefore: at + 1 })).toEqual([plain.run]);
      expect(await list({ createdAfter: at + 1, createdBefore: at + 3 })).toEqual([child.run]);
      expect(await list({ createdAfter: 8.64e15 })).toEqual([]);
      expect(await list({ createdAfter: -8.64e15, createdBefore: at + 1 })).toEqual([plain.run]);
      expect(await stores.api.directory.list(await newTenant(stores), { tag: 'x' }, null, 10)).toEqual([]);
    });

    test('what a run uses is summed as it is appended, and told by agent, by day and at all', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const day = Date.UTC(2026, 0, 1);
      const make = (agent: string, at: number, of: TenantScope = scope, starter = 'member:ada') =>
        newRun(stores, of, {
          agent,
          run: runIdAt(at),
          attributes: { ...plainRun, starter },
          event: eventAt(1, { type: 'run.created', at }),
        });
      const spend = (ref: RunRef, expected: number, at: number, ...spent: [string | null, number, number][]) =>
        stores.api.runs.append({
          ...appendTo(ref, expected),
          events: spent.map(([model, tokens, costUsdMicros], index) =>
            eventAt(expected + 1 + index, {
              type: 'model.answered',
              at,
              ...(model === null ? {} : { model, tokens, costUsdMicros }),
            }),
          ),
        });
      const DAY = 86_400_000;
      const [one, two] = [await make('a', day), await make('b', day + 1, scope, 'member:bob')];
      await make('a', day + DAY);
      await spend(one, 1, day + 5, ['m', 10, 3], ['n', 5, 0]);
      await spend(one, 3, day + DAY, [null, 0, 0], ['m', 1, 1]);
      // Refused: nothing is added.
      await spend(one, 3, day, ['m', 100, 100]);
      await spend(two, 1, day + 5, ['m', 7, 0]);
      await spend(await make('a', day, other), 1, day, ['m', 1_000, 1_000]);
      expect((await stores.api.directory.get(one))?.usage).toEqual({ tokens: 16, costUsdMicros: 4 });
      const usage = (groupBy: UsageAsked['groupBy'], to = day + 2 * DAY, agent?: string) =>
        stores.api.directory.usage(scope, { from: day, to, groupBy, agent, most: 10 });
      const line = (group: string, runs: number, calls: number, tokens: number, costUsdMicros: number) => ({
        group,
        runs,
        calls,
        tokens,
        costUsdMicros,
      });
      expect(await usage('agent')).toEqual([line('a', 2, 3, 16, 4), line('b', 1, 1, 7, 0)]);
      expect(await usage('model')).toEqual([line('m', 0, 3, 18, 4), line('n', 0, 1, 5, 0)]);
      expect(await usage('person')).toEqual([line('member:ada', 2, 3, 16, 4), line('member:bob', 1, 1, 7, 0)]);
      // A run by the day on which it was created, a call by the day on which it ended.
      expect(await usage('day')).toEqual([line('2026-01-01', 2, 3, 22, 3), line('2026-01-02', 1, 1, 1, 1)]);
      expect(await usage('none')).toEqual([line('all', 3, 4, 23, 4)]);
      expect(await usage('none', day + 1)).toEqual([line('all', 1, 0, 0, 0)]);
      expect(await usage('agent', day + DAY, 'b')).toEqual([line('b', 1, 1, 7, 0)]);
      expect(await usage('none', day)).toEqual([]);
      expect(await stores.api.directory.usage(scope, { from: day, to: day + DAY, groupBy: 'agent', most: 1 })).toEqual([
        line('a', 1, 2, 15, 3),
      ]);
    });

    test('attention opens and closes with the append, is listed by run in pages', async () => {
      const scope = await newTenant(stores);
      const one = await newRun(stores, scope, { run: idAt(1) });
      const two = await newRun(stores, scope, { run: idAt(2), agent: 'writer' });
      const open = (ref: RunRef, expected: number, opened: AttentionRow[], closed: string[] = []) =>
        stores.api.runs.append(
          appendTo(ref, expected, { projection: projectionOf({ attention: { opened, closed } }) }),
        );
      await open(two, 1, [questionAt('b')]);
      await open(one, 1, [questionAt('b', { kind: 'approval', until: 5, call: null, role: null }), questionAt('a')]);
      const list = (filter: { run?: string } = {}, after: { run: string; ref: string } | null = null, limit = 10) =>
        stores.api.directory.attention(scope, filter, after, limit);
      const all = await list();
      expect(all.map(({ run, ref }) => [run, ref])).toEqual([
        [one.run, 'a'],
        [one.run, 'b'],
        [two.run, 'b'],
      ]);
      expect(all[2]).toEqual({ ...questionAt('b'), run: two.run, agent: 'writer' });
      expect(all[1]).toMatchObject({ kind: 'approval', until: 5, call: null, role: null });
      expect(await list({}, { run: one.run, ref: 'a' }, 1)).toEqual([all[1]]);
      expect(await list({ run: two.run })).toEqual([all[2]]);
      await open(one, 2, [questionAt('a', { until: 9 })], ['b']);
      expect((await list()).map(({ run, ref, until }) => [run, ref, until])).toEqual([
        [one.run, 'a', 9],
        [two.run, 'b', null],
      ]);
      expect(await stores.api.directory.attention(await newTenant(stores), {}, null, 10)).toEqual([]);
    });

    test('attention is found by kind, by agent, and by who may settle it', async () => {
      const scope = await newTenant(stores);
      const ref = await newRun(stores, scope, { run: idAt(1) });
      const other = await newRun(stores, scope, { run: idAt(2), agent: 'writer' });
      const approval = (at: string, with_: Partial<AttentionRow>) => questionAt(at, { kind: 'approval', ...with_ });
      const opened = [
        questionAt('1.0', { role: null }),
        approval('2.0', { role: 'operator' }),
        approval('3.0', { role: 'admin' }),
        approval('4.0', { role: null, approvers: ['ada', 'bo'] }),
        approval('5.0', { role: 'operator', barred: ['ada'] }),
        approval('6.0', { role: 'admin', approvers: ['bo'], barred: ['cy'] }),
        questionAt('7.0', { kind: 'log-problem', role: null }),
      ];
      const open = (to: RunRef, rows: AttentionRow[], expected = 1) =>
        stores.api.runs.append(
          appendTo(to, expected, { projection: projectionOf({ attention: { opened: rows, closed: [] } }) }),
        );
      await open(ref, opened);
      await open(other, [approval('1.0', { role: null })]);
      const list = async (filter: AttentionFilter): Promise<string[]> =>
        (await stores.api.directory.attention(scope, filter, null, 20)).map(({ run, ref: at }) =>
          run === other.run ? 'other' : at,
        );
      expect(await list({ kind: 'question' })).toEqual(['1.0']);
      expect(await list({ agent: 'writer' })).toEqual(['other']);
      const roles = ['operator', 'viewer'];
      expect(await list({ mine: { id: 'ada', roles } })).toEqual(['1.0', '2.0', '4.0', 'other']);
      expect(await list({ mine: { id: 'bo', roles }, kind: 'approval', run: ref.run })).toEqual([
        '2.0',
        '4.0',
        '5.0',
        '6.0',
      ]);
      expect(await list({ mine: { id: 'cy', roles: ['admin', ...roles] }, run: ref.run })).toEqual([
        '1.0',
        '2.0',
        '3.0',
        '5.0',
      ]);
      const [named] = await stores.api.directory.attention(
        scope,
        { mine: { id: 'bo', roles }, kind: 'approval' },
        null,
        9,
      );
      expect(named?.approvers).toBeUndefined();
      // One more has agreed.
      await open(ref, [approval('2.0', { role: 'operator', barred: ['ada'] })], 2);
      expect(await list({ mine: { id: 'ada', roles }, run: ref.run })).toEqual(['1.0', '4.0']);
      const row = (await stores.api.directory.attention(scope, { run: ref.run }, null, 9)).find(
        ({ ref: at }) => at === '4.0',
      );
      expect(row).toMatchObject({ approvers: ['ada', 'bo'], role: null });
    });

    test('attention of a run is listed in the order of its log, in pages', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const refs = ['5.0', '5.2', '5.10', '10.0', '10.1', '10.10', '100.0'];
      const opened = refs.toReversed().map((one) => questionAt(one));
      await stores.api.runs.append(
        appendTo(ref, 1, { projection: projectionOf({ attention: { opened, closed: [] } }) }),
      );
      const listed: string[] = [];
      let after: { run: string; ref: string } | null = null;
      for (;;) {
        const page: readonly { run: string; ref: string }[] = await stores.api.directory.attention(ref, {}, after, 3);
        listed.push(...page.map((row) => row.ref));
        after = page.at(-1) ?? null;
        if (after === null) break;
      }
      expect(listed).toEqual(refs);
    });

    test('a refused append opens nothing', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const projection = projectionOf({ attention: { opened: [questionAt('a')], closed: [] } });
      expect(await stores.api.runs.append(appendTo(ref, 9, { projection }))).toEqual({ type: 'refused', head: 1 });
      expect(await stores.api.directory.attention(ref, {}, null, 10)).toEqual([]);
    });

    test('artifacts are those of the run, the newest last', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const rows = [
        { digest: 'bb', name: 'report\u0000.md', mediaType: 'text/markdown', size: 2 ** 40 },
        { digest: 'aa', name: null, mediaType: 'text/plain', size: 0 },
      ];
      await stores.api.runs.append(appendTo(ref, 1, { projection: projectionOf({ artifacts: rows }) }));
      await stores.api.runs.append(appendTo(ref, 2, { projection: projectionOf({ artifacts: rows.slice(1) }) }));
      expect(await stores.api.directory.artifacts(ref)).toEqual([{ ...rows[0], name: 'report\uFFFD.md' }, rows[1]]);
    });

    test('what no database keeps in the media type of an artifact is replaced', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const row = { digest: 'aa', name: 'a', mediaType: 'text/\u0000plain\ud800', size: 1 };
      const outcome = await stores.api.runs.append(
        appendTo(ref, 1, { projection: projectionOf({ artifacts: [row] }) }),
      );
      expect(outcome).toEqual({ type: 'accepted', head: 2 });
      expect(await stores.api.directory.artifacts(ref)).toEqual([{ ...row, mediaType: 'text/\uFFFDplain\uFFFD' }]);
    });

    test('files with the same content keep their names; the one that was written last is last', async () => {
      const ref = await newRun(stores, await newTenant(stores));
      const file = (name: string | null, digest = 'aa', mediaType = 'text/plain') => ({
        digest,
        name,
        mediaType,
        size: 1,
      });
      const names = async () => (await stores.api.directory.artifacts(ref)).map(({ name, digest }) => [name, digest]);
      const write = (expected: number, ...artifacts: ReturnType<typeof file>[]) =>
        stores.api.runs.append(appendTo(ref, expected, { projection: projectionOf({ artifacts }) }));
      await write(1, file('z.txt'), file('a.txt'), file(null));
      expect(await names()).toEqual([
        ['z.txt', 'aa'],
        ['a.txt', 'aa'],
        [null, 'aa'],
      ]);
      await write(2, file('z.txt', 'bb'));
      await write(3, file('z.txt', 'aa', 'text/csv'));
      expect(await names()).toEqual([
        ['a.txt', 'aa'],
        [null, 'aa'],
        ['z.txt', 'bb'],
        ['z.txt', 'aa'],
      ]);
      expect((await stores.api.directory.artifacts(ref)).at(-1)).toEqual(file('z.txt', 'aa', 'text/csv'));
      // Twice in one append, with another in between.
      expect(await write(4, file('z.txt', 'bb'), file('a.txt'), file('z.txt', 'bb', 'text/csv'))).toEqual({
        type: 'accepted',
        head: 5,
      });
      expect(await names()).toEqual([
        [null, 'aa'],
        ['z.txt', 'aa'],
        ['a.txt', 'aa'],
        ['z.txt', 'bb'],
      ]);
      expect((await stores.api.directory.artifacts(ref)).at(-1)?.mediaType).toBe('text/csv');
    });

    test('heads of runs of several tenants come in one answer', async () => {
      const [one, two] = [await newRun(stores, await newTenant(stores)), await newRun(stores, await newTenant(stores))];
      await stores.api.runs.append(appendTo(two, 1));
      const heads = await stores.api.directory.heads([one, two]);
      expect(heads).toHaveLength(2);
      expect(heads).toContainEqual({ ...one, head: 1 });
      expect(heads).toContainEqual({ ...two, head: 2 });
      expect(await stores.api.directory.heads([])).toEqual([]);
    });
  });
}
