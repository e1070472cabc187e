import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelDelta } from '@holdfast/contracts';
import { Holdfast } from '@holdfast/sdk';
import {
  database,
  describeProgram,
  freePort,
  type PostgresServer,
  postgresVersions,
  type RedisServer,
  startPostgres,
  startRedis,
} from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, start } from './support/program.ts';

const SENTENCE = 'one two three four five six seven eight';

describeProgram('valkey', 'with a Valkey', (valkey) => {
  describe.skipIf(postgresVersions().length === 0)('two APIs and a worker on Postgres', () => {
    inProcesses(valkey);
  });
});

function inProcesses(valkey: string): void {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let key: string;
  let urls: readonly [string, string];
  let doctorEnv: Record<string, string>;
  const programs: Program[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
    const newest = postgresVersions().at(-1);
    if (newest === undefined) throw new Error('Postgres is not installed: bash scripts/servers.sh install');
    postgres = await startPostgres(newest);
    redis = await startRedis(valkey);
    // Away at the start: nobody waits for it.
    await redis.kill();
    const environment = {
      DATABASE_URL: (await database(postgres)).url,
      REDIS_URL: redis.url,
      DATA_DIR: folder,
      RATE_LIMITS: 'caller.read=100,tenant.read=200',
      LOG_LEVEL: 'info',
    };
    const init = start('apps/cli/src/main.ts', ['init', '--tenant', 'acme', '--json'], environment);
    expect(await init.ended).toBe(0);
    ({ api_key: key } = JSON.parse(init.output()) as { api_key: string });
    const ports = [await freePort(), await freePort()] as const;
    urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];
    for (const port of ports) programs.push(start('apps/api/src/main.ts', [], { ...environment, PORT: String(port) }));
    programs.push(start('apps/worker/src/main.ts', [], environment));
    const [one, two, worker] = programs;
    await one?.saw('the API listens');
    await two?.saw('the API listens');
    await worker?.saw('the worker has begun');
    for (const program of programs) await program.saw('Redis cannot be used; everything goes on without it');
    const rehearsal = [
      { calls: [{ tool: 'ask', args: { question: 'Is somebody listening?' } }] },
      { say: SENTENCE, delay: '1s' },
    ];
    const agent = { name: 'speaker', model: { name: 'rehearsal' }, tools: [{ builtin: 'ask' }], rehearsal };
    expect((await ask(urls[0], 'POST', '/v1/agents', agent)).status).toBe(201);
    doctorEnv = { ...environment, HOLDFAST_URL: urls[0], HOLDFAST_API_KEY: key };
  }, 240_000);
  afterAll(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await redis.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (url: string, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  /**
   * What the stream of one API tells of a run that was started by the other. Words are not kept: they are said once the
   * stream has brought the question.
   */
  async function follow(
    onDelta: () => void = () => undefined,
  ): Promise<{ events: string[]; deltas: ModelDelta[]; late: number }> {
    const { id } = (await (await ask(urls[1], 'POST', '/v1/runs', { agent: 'speaker' })).json()) as { id: string };
    const told = { events: [] as string[], deltas: [] as ModelDelta[], late: 0 };
    const client = new Holdfast({ url: urls[0], key });
    const deltas = (delta: ModelDelta): void => {
      told.deltas.push(delta);
      onDelta();
      if (told.events.filter((type) => type === 'model.answered').length > 1) told.late += 1;
    };
    for await (const { type } of client.runs.events(id, { deltas })) {
      told.events.push(type);
      if (type !== 'question.asked') continue;
      const [open] = (await client.attention.list({ run: id }).page()).items;
      await client.attention.decide(id, open?.ref ?? '', { decision: 'answer', answer: 'yes' });
    }
    return told;
  }

  const ready = async (): Promise<{ status: number; redis: unknown }> => {
    const response = await fetch(`${urls[0]}/readyz`);
    return {
      status: response.status,
      redis: ((await response.json()) as { checks: { redis: unknown } }).checks.redis,
    };
  };

  const doctor = async (): Promise<string> => {
    const looked = start('apps/cli/src/main.ts', ['doctor'], doctorEnv);
    await looked.ended;
    return looked.output();
  };

  test('without it all goes on, and says so', async () => {
    expect(await ready()).toEqual({ status: 200, redis: 'cannot be used; everything goes on without it' });
    const { events, deltas } = await follow();
    expect(events.at(-1)).toBe('run.succeeded');
    expect(deltas).toEqual([]);
    const looked = await doctor();
    expect(looked).toMatch(/warn +redis +cannot be used/);
    expect(looked).toMatch(/fail +redis +Nobody listens at/);
  });

  test('with it words reach listeners in other processes, in order, before their answer', async () => {
    await redis.start();
    for (const program of programs) await program.saw('Redis is there again');
    expect(await ready()).toEqual({ status: 200, redis: 'ok' });
    const { deltas, late } = await follow();
    expect(deltas.length).toBeGreaterThan(2);
    expect(deltas.map(({ text }) => text).join('')).toBe(SENTENCE);
    expect(late).toBe(0);
    expect(await doctor()).toMatch(/ok +redis +answers at/);
  });

  test('both APIs count requests together', async () => {
    const left = async (url: string): Promise<number> => {
      const header = (await ask(url, 'GET', '/v1/me')).headers.get('ratelimit') ?? '';
      return Number(/"caller\.read";r=(\d+)/.exec(header)?.[1]);
    };
    // Where a window ends in between it is looked again.
    await expect
      .poll(async () => [await left(urls[0]), await left(urls[1]), await left(urls[0])])
      .toSatisfy(([first, second, third]) => second === first - 1 && third === second - 1);
  });

  test('killed in use: the run goes on, and each process says it once each time', async () => {
    let heardOne = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      heardOne = resolve;
    });
    const running = follow(() => heardOne());
    await heard;
    await redis.kill();
    expect((await running).events.at(-1)).toBe('run.succeeded');
    expect((await ready()).status).toBe(200);
    expect(await (await fetch(`${urls[0]}/metrics`)).text()).toContain('holdfast_redis_reachable 0');
    await redis.start();
    for (const program of programs) await program.saw(/(Redis is there again[^]*){2}/);
    expect(await (await fetch(`${urls[0]}/metrics`)).text()).toContain('holdfast_redis_reachable 1');
    for (const { output } of programs) {
      const times = (said: RegExp): number => output().match(said)?.length ?? 0;
      // A machine that stands still for a while can lose it once more.
      expect(times(/Redis cannot be used/g)).toBeGreaterThanOrEqual(2);
      expect(times(/Redis cannot be used/g)).toBe(times(/Redis is there again/g));
      expect(output()).not.toContain(new URL(redis.url).password);
    }
  });
}
