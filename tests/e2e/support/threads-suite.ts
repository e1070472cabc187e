import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerOptions, startServer, type TestServer } from './server.ts';

/** Runs of one conversation, through HTTP. */
export function describeThreads(
  name: string,
  database: () => Promise<string>,
  many: number,
  options: ServerOptions = {},
): void {
  describe(`threads: ${name}`, () => {
    let server: TestServer;
    let key: string;
    beforeAll(async () => {
      server = await startServer(await database(), options);
      ({ key } = await server.tenant('mine'));
      const tools = [{ builtin: 'ask' }, { builtin: 'artifacts.write' }];
      const publish = (agent: object) => server.ask(key, 'POST', '/v1/agents', { tools, ...agent });
      await publish({ name: 'echo', rehearsal: [{ say: 'heard {{input}}' }] });
      await publish({
        name: 'asker',
        rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'asked' }],
      });
    });
    afterAll(() => server.close());

    const newThread = async (): Promise<string> =>
      String((await server.ask(key, 'POST', '/v1/threads', { metadata: { a: 'b' } })).json['id']);
    const start = (thread: string, agent: string, more: object = {}) =>
      server.ask(key, 'POST', '/v1/runs', { agent, thread, ...more });
    const get = async (path: string) => (await server.ask(key, 'GET', path)).json;
    const events = async (run: string) =>
      (await get(`/v1/runs/${run}/events?limit=1000`))['items'] as {
        type: string;
        at: string;
        data: Record<string, unknown>;
      }[];
    const status = (run: string, wanted: string) =>
      expect.poll(async () => (await get(`/v1/runs/${run}`))['status'], { timeout: 20_000 }).toBe(wanted);
    const asked = async (agent: string, thread: string, more: object = {}): Promise<string> => {
      const started = await start(thread, agent, more);
      expect(started.status).toBe(201);
      return String(started.json['id']);
    };
    const answer = async (run: string) => {
      const [item] = (await get(`/v1/attention?run=${run}`))['items'] as { ref: string }[];
      await server.ask(key, 'POST', `/v1/runs/${run}/attention/${item?.ref}`, { decision: 'answer', answer: 'yes' });
    };

    test('each run is shown what was said before, pinned in its own log', async () => {
      const thread = await newThread();
      for (const input of ['one', 'two', 'three'])
        await status(await asked('echo', thread, { input }), 'succeeded').then(() => undefined);
      const runs = (await get(`/v1/runs?thread=${thread}`))['items'] as { id: string }[];
      const admitted = (await events(runs[0]?.id ?? '')).find(({ type }) => type === 'run.admitted');
      expect(admitted?.data['thread']).toEqual({
        run: runs[1]?.id,
        seq: expect.any(Number) as unknown,
        said: ['one', 'heard one', 'two', 'heard two'].map((words, index) => ({
          role: index % 2 === 0 ? 'user' : 'assistant',
          content: [{ type: 'text', text: words }],
          ...(index % 2 === 0 ? {} : { tool_calls: [] }),
        })),
      });
      expect(await get(`/v1/threads/${thread}`)).toMatchObject({ active_run: null, last_run: runs[0]?.id });
    });

    test('queue: it waits for its turn, and a message does not hurry it', async () => {
      const thread = await newThread();
      const first = await asked('asker', thread);
      await status(first, 'waiting');
      const second = await asked('echo', thread);
      expect(await get(`/v1/runs/${second}`)).toMatchObject({
        status: 'queued',
        waiting_for: [{ reason: 'thread', ref: first }],
      });
      await server.ask(key, 'POST', `/v1/runs/${second}/messages`, { content: 'hurry' });
      expect(await get(`/v1/runs/${second}`)).toMatchObject({ status: 'queued', waiting_for: [{ reason: 'thread' }] });
      await answer(first);
      await status(second, 'succeeded');
    });

    test('a run that is cancelled while it waits ends at once, and the others keep their places', async () => {
      const thread = await newThread();
      const first = await asked('asker', thread);
      await status(first, 'waiting');
      const second = await asked('echo', thread);
      const third = await asked('echo', thread);
      await server.ask(key, 'POST', `/v1/runs/${second}/cancel`, {});
      await status(second, 'cancelled');
      expect(await get(`/v1/threads/${thread}`)).toMatchObject({ active_run: first });
      await answer(first);
      await status(third, 'succeeded');
      const admitted = (await events(third)).find(({ type }) => type === 'run.admitted');
      expect(admitted?.data['thread']).toMatchObject({ run: first });
    });

    test('reject: a busy thread is refused, and one that is not there', async () => {
      const thread = await newThread();
      const first = await asked('asker', thread);
      await status(first, 'waiting');
      expect(await start(thread, 'echo', { on_busy: 'reject' })).toMatchObject({
        status: 409,
        json: { code: 'thread_busy' },
      });
      expect(await start('01920000-0000-7000-8000-000000000000', 'echo')).toMatchObject({
        status: 404,
        json: { code: 'thread_not_found' },
      });
      await server.ask(key, 'POST', `/v1/runs/${first}/cancel`, {});
      await status(first, 'cancelled');
    });

    test('interrupt: the active run is cancelled, and the new one is next', async () => {
      const thread = await newThread();
      const first = await asked('asker', thread);
      await status(first, 'waiting');
      const second = await asked('echo', thread, { on_busy: 'interrupt', input: 'instead' });
      await status(first, 'cancelled');
      await status(second, 'succeeded');
      const admitted = (await events(second)).find(({ type }) => type === 'run.admitted');
      expect(admitted?.data['thread']).toMatchObject({ run: first });
    });

    test('a fork of a run in a thread keeps what was said, and is in no thread', async () => {
      const thread = await newThread();
      await status(await asked('echo', thread, { input: 'one' }), 'succeeded');
      const second = await asked('echo', thread, { input: 'two' });
      await status(second, 'succeeded');
      const forked = await server.ask(key, 'POST', `/v1/runs/${second}/rerun`, {});
      expect(forked.json).toMatchObject({ thread: null, status: 'queued' });
      await status(String(forked.json['id']), 'succeeded');
    });

    test('interrupting a run while it ends by itself loses neither', async () => {
      for (let round = 0; round < many / 5; round += 1) {
        const thread = await newThread();
        const first = await asked('echo', thread);
        const second = await start(thread, 'echo', { on_busy: 'interrupt' });
        if (second.status === 503) continue;
        expect(second.status).toBe(201);
        await status(String(second.json['id']), 'succeeded');
        expect(['succeeded', 'cancelled']).toContain((await get(`/v1/runs/${first}`))['status']);
        expect(await get(`/v1/threads/${thread}`)).toMatchObject({ active_run: null });
      }
    }, 120_000);

    test.each([
      ['queued', 0],
      ['queued or interrupting', 10],
    ])(
      `${many} runs started at once, %s, go one after another, and none is lost`,
      async (_how, nth) => {
        const thread = await newThread();
        const started = await Promise.all(
          Array.from({ length: many }, (_, index) =>
            start(thread, 'echo', {
              input: `n${index}`,
              on_busy: nth > 0 && index % nth === 5 ? 'interrupt' : 'queue',
            }),
          ),
        );
        const runs = started.filter(({ status: code }) => code === 201).map(({ json }) => String(json['id']));
        // Whoever interrupts may be told to try again; whoever queues never.
        expect(started.every(({ status: code }) => code === 201 || (nth > 0 && code === 503))).toBe(true);
        await expect
          .poll(async () => (await get(`/v1/threads/${thread}`))['active_run'], { timeout: 60_000 })
          .toBeNull();
        // Each that began was shown another one, and no two the same: they stand in one chain.
        const before: unknown[] = [];
        for (const run of runs) {
          const log = await events(run);
          expect(['run.succeeded', 'run.cancelled']).toContain(log.at(-1)?.type);
          const admitted = log.find(({ type }) => type === 'run.admitted');
          if (admitted !== undefined) before.push((admitted.data['thread'] as { run?: string } | undefined)?.run);
        }
        expect(before.length).toBeGreaterThan(many / 10);
        expect(new Set(before).size).toBe(before.length);
        expect(before.filter((run) => run === undefined)).toHaveLength(1);
      },
      120_000,
    );
  });
}
