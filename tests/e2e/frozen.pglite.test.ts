import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { wireApi } from '@holdfast/api';
import { parseEnv, readiness } from '@holdfast/contracts';
import { FreezeWatch, type Freeze } from '@holdfast/core';
import { serveStatus, wireWorker } from '@holdfast/worker';
import { expect, test } from 'vitest';
import { scribe, startServer } from './support/server.ts';

/** A log that keeps its warnings. */
function keptLog() {
  const lines: { readonly facts: object; readonly message: string }[] = [];
  const keep = (facts: object, message: string): void => void lines.push({ facts, message });
  return { lines, log: { info: keep, warn: keep, error: keep } };
}

const frozenLines = (lines: ReturnType<typeof keptLog>['lines']) =>
  lines.filter(({ message }) => message.includes('the installation is frozen: '));

test('a frozen installation says so: to whoever waits for a run, and in readyz, which stays 200', async () => {
  const server = await startServer('pglite://memory');
  try {
    const { key } = await server.tenant('acme');
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
    const checks = async () => {
      const answer = await fetch(`${server.url}/readyz`);
      return { status: answer.status, ...readiness.parse(await answer.json()).checks };
    };
    expect(await checks()).toEqual({ status: 200, database: 'ok', artifacts: 'ok' });
    const owner = await server.database.owner();
    await owner.freeze();
    expect(await checks()).toMatchObject({
      status: 200,
      installation: 'frozen: nothing begins before holdfast thaw (holdfast freeze was run)',
    });
    const { json } = await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' });
    const run = async () => (await server.ask(key, 'GET', `/v1/runs/${String(json['id'])}`)).json;
    expect((await run())['waiting_for']).toMatchObject([
      {
        reason: 'capacity',
        because: 'installation_frozen',
        detail: expect.stringContaining('nothing begins before holdfast thaw') as string,
      },
    ]);
    await owner.thaw(true);
    await expect.poll(async () => (await run())['status'], { timeout: 20_000 }).toBe('succeeded');
    expect(await checks()).not.toHaveProperty('installation');
  } finally {
    await server.close();
  }
}, 60_000);

test('a worker and an API say so in their logs, and the worker in its readyz', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-frozen-'));
  const config = parseEnv({ DATA_DIR: folder });
  // Ended in turn, the last one first, also where something fails.
  const open: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const endAll = async (downTo: number): Promise<void> => {
    while (open.length > downTo) await open.pop()?.();
  };
  try {
    const database = await openDatabase(`pglite://${folder}/database`);
    open.push(() => database.close());
    await migrate(database);
    await (await database.owner()).freeze();
    const ofWorker = keptLog();
    const worker = await wireWorker(config, { database, log: ofWorker.log });
    open.push(() => worker.drain());
    const status = await serveStatus(worker, '127.0.0.1', 0);
    open.push(() => new Promise((resolve) => status.close(resolve)));
    const address = status.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    await expect.poll(() => frozenLines(ofWorker.lines).length, { timeout: 10_000 }).toBe(1);
    expect(frozenLines(ofWorker.lines)[0]?.facts).toMatchObject({ because: 'holdfast freeze was run' });
    const answer = await fetch(`http://127.0.0.1:${address.port}/readyz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      checks: { worker: 'ok', installation: expect.stringContaining('holdfast thaw') as string },
    });
    // An embedded database has one owner: the worker's goes before the API's comes.
    await endAll(1);
    const ofApi = keptLog();
    const api = await wireApi(config, { log: ofApi.log });
    open.push(() => api.close());
    await expect.poll(() => frozenLines(ofApi.lines).length, { timeout: 10_000 }).toBe(1);
  } finally {
    await endAll(0);
  }
}, 60_000);

test('it is said once, and again when it changes', async () => {
  const { lines, log } = keptLog();
  const seen: (Freeze | null)[] = [];
  const answers: (Freeze | null)[] = [
    null,
    { at: 1, because: 'a' },
    { at: 1, because: 'a' },
    null,
    { at: 2, because: 'b' },
  ];
  const freeze = (): Promise<Freeze | null> => {
    const next = answers[Math.min(seen.length, answers.length - 1)] ?? null;
    seen.push(next);
    return Promise.resolve(next);
  };
  // Another one with each freeze.
  const ids = new Set<string>();
  const installation = (): Promise<string> => Promise.resolve(`id ${answers[seen.length]?.at ?? 'of before'}`);
  const watch = new FreezeWatch({ freeze, installation, log }, (id) => void ids.add(id), 1);
  watch.begin();
  await expect.poll(() => seen.length).toBeGreaterThan(7);
  await watch.close();
  expect(ids).toEqual(new Set(['id of before', 'id 1', 'id 2']));
  expect(lines.map(({ facts, message }) => [message.slice(0, 32), facts])).toEqual([
    ['the installation is frozen: no r', { since: '1970-01-01T00:00:00.001Z', because: 'a' }],
    ['the installation is frozen no lo', {}],
    ['the installation is frozen: no r', { since: '1970-01-01T00:00:00.002Z', because: 'b' }],
  ]);
});
