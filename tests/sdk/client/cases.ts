import { ConnectionFailed, Holdfast, HoldfastError, RunFailed } from '@holdfast/sdk';
import { check, failureOf, same } from './check.ts';
import { cutting } from './cut-streams.ts';

export interface Surroundings {
  readonly url: string;
  readonly key: string;
  /** Nobody answers there. */
  readonly deadUrl: string;
}

export interface Case {
  readonly name: string;
  /** It asks for what is not published: there may be no edge in between. */
  readonly inside?: true;
  readonly run: (client: Holdfast, surroundings: Surroundings) => Promise<void>;
}

/** Writes `steps` notes, and says so. */
const scribe = (name: string, steps: number) => ({
  name,
  tools: [{ builtin: 'artifacts.write' as const }],
  model: { name: 'rehearsal' },
  rehearsal: [
    { calls: [{ tool: 'artifacts_write', args: { name: 'note.txt', content: 'note' } }], repeat: steps },
    { say: 'written' },
  ],
});

const asker = (name: string) => ({
  name,
  tools: [{ builtin: 'ask' as const }],
  model: { name: 'rehearsal' },
  rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'What is your name?' } }] }, { say: 'Hello {{last}}' }],
});

/** What a client must be able to do, against a real server; each case makes its own agents. */
export const cases: readonly Case[] = [
  {
    name: 'publishes an agent, reads it back, moves an alias',
    run: async ({ agents, versions, aliases }) => {
      const first = await agents.publish(scribe('published', 1));
      const again = await agents.publish({ json: JSON.stringify(scribe('published', 1)) });
      same(again.id, first.id, 'the same spec is the same version');
      const second = await agents.publish({
        yaml: 'name: published\nmodel: { name: rehearsal }\nrehearsal: [{ say: hi }]\n',
      });
      same(second.number, 2, 'another spec is the next version');
      same((await versions.get('published', 1)).id, first.id, 'a version by its number');
      const moved = await aliases.set('published', 'prod', { version: 2 });
      same(moved.aliases, { prod: [{ version: 2, weight: 1 }] }, 'the alias');
      same((await agents.get('published')).latest, 2, 'the latest');
      const names: string[] = [];
      for await (const { name } of agents.list({ limit: 1 })) names.push(name);
      check(names.includes('published'), 'the list has the agent');
    },
  },
  {
    name: 'starts a run, reads all of its events once and in order, gets its result and its files',
    run: async ({ agents, runs, artifacts }) => {
      await agents.publish(scribe('whole', 3));
      const { id } = await runs.start({ agent: 'whole', metadata: { why: 'test' } });
      const numbers: number[] = [];
      for await (const { seq } of runs.events(id)) numbers.push(seq);
      const { text, run } = await runs.result(id);
      same(text, 'written', 'the answer');
      same(
        numbers,
        Array.from({ length: run.head }, (_, index) => index + 1),
        'the events',
      );
      const tail: number[] = [];
      for await (const { seq } of runs.events(id, { after: run.head - 2 })) tail.push(seq);
      same(tail, [run.head - 1, run.head], 'the events after a number');
      const [file] = (await artifacts.list(id)).items;
      check(file !== undefined, 'there is a file');
      same(new TextDecoder().decode(await artifacts.get(id, file.digest)), 'note', 'the bytes of the file');
    },
  },
  {
    name: 'loses and repeats no event when the stream is cut, wherever that is',
    run: async ({ agents, runs }, { url, key }) => {
      await agents.publish(scribe('cut', 4));
      const { id } = await runs.start({ agent: 'cut' });
      const { head } = (await runs.result(id)).run;
      const broken = cutting(1, 100, 399, 1_203, 2_000);
      const client = new Holdfast({ url, key, fetch: broken.fetch, validate: true });
      const numbers: number[] = [];
      for await (const { seq } of client.runs.events(id)) numbers.push(seq);
      same(
        numbers,
        Array.from({ length: head }, (_, index) => index + 1),
        'the events',
      );
      check(broken.cuts() >= 3, 'streams were cut');
    },
  },
  {
    name: 'answers what a run asks',
    run: async ({ agents, runs, attention }) => {
      await agents.publish(asker('asker'));
      const { id } = await runs.start({ agent: 'asker' });
      for await (const { type } of runs.events(id)) if (type === 'question.asked') break;
      const [item] = (await attention.list({ run: id }).page()).items;
      check(item?.kind === 'question', 'a question is open');
      const wrong = await failureOf(attention.decide(id, item.ref, { decision: 'approve' }));
      check(wrong instanceof HoldfastError, 'another decision is refused');
      await attention.decide(id, item.ref, { decision: 'answer', answer: 'Ada' });
      check((await runs.result(id)).text.includes('Ada'), 'the answer was heard');
    },
  },
  {
    name: 'sends messages; pauses, resumes and cancels',
    run: async ({ agents, runs }) => {
      await agents.publish(asker('steered'));
      const { id } = await runs.start({ agent: 'steered' });
      for await (const { type } of runs.events(id)) if (type === 'question.asked') break;
      same((await runs.send(id, 'hear me')).mode, 'queue', 'the mode of a plain message');
      await runs.pause(id, { reason: 'lunch' });
      await runs.resume(id);
      await runs.cancel(id);
      const failure = await failureOf(runs.result(id));
      check(failure instanceof RunFailed, 'a cancelled run has no result');
      same([failure.code, failure.run.status], ['cancelled', 'cancelled'], 'why');
    },
  },
  {
    name: 'lists runs over pages, by their tag',
    run: async ({ agents, runs }) => {
      await agents.publish(scribe('listed', 1));
      const started: string[] = [];
      for (let count = 0; count < 5; count += 1) started.push((await runs.start({ agent: 'listed' })).id);
      const found: string[] = [];
      for await (const { id } of runs.list({ agent: 'listed', limit: 2 })) found.push(id);
      same(found, started.toReversed(), 'all of them, newest first');
    },
  },
  {
    name: 'gives the first answer again under the same Idempotency-Key',
    run: async ({ agents, runs }) => {
      await agents.publish(scribe('once', 1));
      const key = `key-${Math.random()}`;
      const first = await runs.start({ agent: 'once' }, { idempotencyKey: key });
      same((await runs.start({ agent: 'once' }, { idempotencyKey: key })).id, first.id, 'the run');
      const other = await failureOf(runs.start({ agent: 'once', input: 'x' }, { idempotencyKey: key }));
      check(other instanceof HoldfastError && other.code === 'idempotency_mismatch', 'another body is refused');
    },
  },
  {
    name: 'says what is wrong, by code and by place',
    run: async ({ runs }, { url, deadUrl }) => {
      const missing = await failureOf(runs.get('019a0000-0000-7000-8000-000000000000'));
      check(missing instanceof HoldfastError, 'a refusal');
      same([missing.code, missing.status], ['run_not_found', 404], 'an unknown run');
      check((missing.requestId ?? '') !== '', 'the id of the request');
      const invalid = await failureOf(runs.start({ agent: 'No Name', priority: 1_000 }));
      check(invalid instanceof HoldfastError, 'a refusal');
      same(
        [...(invalid.problem?.errors ?? [])].map(({ path }) => path).toSorted(),
        ['/agent', '/priority'],
        'the places',
      );
      const stranger = await failureOf(new Holdfast({ url, key: 'nobody' }).runs.list().page());
      check(stranger instanceof HoldfastError && stranger.code === 'unauthenticated', 'an unknown key');
      const alone = new Holdfast({ url: deadUrl, key: 'k', retries: { attempts: 2, firstMs: 1 } });
      check((await failureOf(alone.server.health())) instanceof ConnectionFailed, 'nobody answers');
    },
  },
  {
    name: 'ends a stream and a wait when the signal aborts',
    run: async ({ agents, runs }) => {
      await agents.publish(asker('waiting'));
      const { id } = await runs.start({ agent: 'waiting' });
      const abort = new AbortController();
      const read = (async () => {
        for await (const { type } of runs.events(id, { signal: abort.signal }))
          if (type === 'question.asked') abort.abort(new Error('enough'));
      })();
      const failure = await failureOf(read);
      check(failure instanceof Error && failure.message === 'enough', 'the reason of the signal');
      const waited = failureOf(runs.result(id, { signal: AbortSignal.timeout(200) }));
      check(((await waited) as Error).name === 'TimeoutError', 'the time-out of a wait');
    },
  },
  {
    name: 'deletes runs and threads, and sets how long they are kept',
    run: async ({ agents, runs, threads, retention }) => {
      await agents.publish(scribe('deleted', 1));
      await agents.publish(asker('kept'));
      const live = await runs.start({ agent: 'kept' });
      const refusal = await failureOf(runs.delete(live.id));
      check(refusal instanceof HoldfastError && refusal.code === 'run_live', 'a live run is kept');
      const thread = await threads.create();
      const [alone, inThread] = [
        await runs.start({ agent: 'deleted' }),
        await runs.start({ agent: 'deleted', thread: thread.id }),
      ];
      for (const { id } of [alone, inThread]) await runs.result(id);
      await runs.delete(alone.id);
      await threads.delete(thread.id);
      for (const { id } of [alone, inThread]) {
        const gone = await failureOf(runs.get(id));
        check(gone instanceof HoldfastError && gone.code === 'run_not_found', 'the run is gone');
      }
      const gone = await failureOf(threads.get(thread.id));
      check(gone instanceof HoldfastError && gone.code === 'thread_not_found', 'the thread is gone');
      const { value: first, etag } = await retention.get();
      same(first, { days: null }, 'runs are kept for ever at first');
      const bound = { ifMatch: etag ?? '' };
      same(await retention.set({ days: 30 }, bound), { days: 30 }, 'what was set');
      const stale = await failureOf(retention.set({ days: 7 }, bound));
      check(stale instanceof HoldfastError && stale.code === 'etag_mismatch', 'it was set in between');
      same((await retention.get()).value, { days: 30 }, 'what is read again');
      await retention.set({ days: null });
    },
  },
  {
    name: 'starts runs by the clock and by hand, and changes when',
    run: async ({ agents, runs, schedules }) => {
      await agents.publish(scribe('timed', 1));
      const body = { name: 'rare', agent: 'timed', cron: '0 0 29 2 *' };
      const made = await schedules.create(body);
      const { value, etag } = await schedules.get('rare');
      same(value, made, 'what was made');
      same((await schedules.list().page()).items, [made], 'the list');
      const preview = await schedules.preview({ cron: body.cron }, { count: 2 });
      same(await schedules.next('rare', { count: 2 }), preview, 'the coming ticks');
      const bound = { ifMatch: etag ?? '' };
      const changed = await schedules.update('rare', { ...body, overlap: 'allow' }, bound);
      same([changed.overlap, changed.revision], ['allow', 2], 'the change');
      const stale = await failureOf(schedules.update('rare', body, bound));
      check(stale instanceof HoldfastError && stale.code === 'etag_mismatch', 'it was changed in between');
      same((await schedules.pause('rare', { reason: 'lunch' })).paused?.reason, 'lunch', 'why it is paused');
      same((await schedules.resume('rare')).paused, null, 'that it goes on');
      const { run } = await schedules.trigger('rare');
      await runs.result(run ?? '');
      const [listed] = (await runs.list({ schedule: made.id }).page()).items;
      same([listed?.id, listed?.schedule], [run, { id: made.id, tick: null }], 'its run');
      await schedules.delete('rare');
      const gone = await failureOf(schedules.get('rare'));
      check(gone instanceof HoldfastError && gone.code === 'schedule_not_found', 'it is gone');
    },
  },
  {
    name: 'says whose key it is',
    run: async ({ server }) => check((await server.me()).by.roles.includes('admin'), 'the role'),
  },
  {
    name: 'says that the server is ready',
    inside: true,
    run: async ({ server }) => {
      same((await server.ready()).status, 'ready', 'the state');
    },
  },
];
