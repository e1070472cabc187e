import { randomUUID } from 'node:crypto';
import type { Hint } from '@holdfast/core';
import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { PostgresHints } from './hints.ts';

describePostgres('hints between processes', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  test('after the session came back everybody is told to look at everything', async () => {
    const { url } = await database(server);
    const [one, two] = [await openDatabase(url), await openDatabase(url)];
    const heard: Hint[] = [];
    two.hints.subscribe((hint) => heard.push(hint));
    const admin = new pg.Client(url);
    await admin.connect();
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holdfast-direct'",
    );
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual({ about: 'everything' });
    const grown = hint();
    one.hints.publish([grown]);
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual(grown);
    await Promise.all([admin.end(), one.close(), two.close()]);
  });

  test('what is published while a message is under way goes out together', async () => {
    const { url } = await database(server);
    const [one, two] = [await openDatabase(url), await openDatabase(url)];
    const messages: string[] = [];
    const listener = new pg.Client(url);
    await listener.connect();
    listener.on('notification', ({ payload }) => messages.push(payload ?? ''));
    await listener.query('listen holdfast_runs');
    const heard = new Set<string>();
    two.hints.subscribe((told) => heard.add(JSON.stringify(told)));
    for (let count = 0; count < 600; count += 1) one.hints.publish([hint()]);
    await expect.poll(() => heard.size, { timeout: 10_000 }).toBe(600);
    expect(messages.length).toBeLessThan(20);
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThanOrEqual(7_000);
    await Promise.all([listener.end(), one.close(), two.close()]);
  });

  test('a process that listens alone sends nothing, and begins to when another comes', async () => {
    const { url } = await database(server);
    const one = await openDatabase(url);
    const messages: string[] = [];
    // No process of ours: it holds no lock.
    const listener = new pg.Client(url);
    await listener.connect();
    listener.on('notification', ({ payload }) => messages.push(payload ?? ''));
    await listener.query('listen holdfast_runs');
    const sent = async (): Promise<number> => {
      messages.length = 0;
      one.hints.publish([hint()]);
      if (one.hints instanceof PostgresHints) await one.hints.flush();
      // Messages come in the order of their commits.
      await listener.query("notify holdfast_runs, 'last'");
      await expect.poll(() => messages).toContain('last');
      return messages.length - 1;
    };
    await expect.poll(sent, { timeout: 10_000 }).toBe(0);
    const two = await openDatabase(url);
    const heard: Hint[] = [];
    two.hints.subscribe((told) => heard.push(told));
    const grown = hint();
    await expect.poll(() => (one.hints.publish([grown]), heard), { timeout: 10_000 }).toContainEqual(grown);
    await two.close();
    await expect.poll(sent, { timeout: 10_000 }).toBe(0);
    await Promise.all([listener.end(), one.close()]);
  });

  test('switched off, nothing is said and nothing heard', async () => {
    const { url } = await database(server);
    const [off, on] = [await openDatabase(url, { hints: false }), await openDatabase(url)];
    const [heardOff, heardOn]: [Hint[], Hint[]] = [[], []];
    off.hints.subscribe((told) => heardOff.push(told));
    on.hints.subscribe((told) => heardOn.push(told));
    const [quiet, loud] = [hint(), hint()];
    off.hints.publish([quiet]);
    on.hints.publish([loud]);
    await expect.poll(() => heardOn).toContainEqual(loud);
    expect(heardOn).not.toContainEqual(quiet);
    expect(heardOff).toEqual([]);
    await Promise.all([off.close(), on.close()]);
  });
});

const hint = (): Hint => ({ about: 'run', run: randomUUID(), head: 7, state: 'free' });
