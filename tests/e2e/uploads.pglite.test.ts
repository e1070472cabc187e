import { createHash, randomBytes } from 'node:crypto';
import { createUpload, removeStrays } from '@holdfast/core';
import { Holdfast } from '@holdfast/sdk';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenant: string;
let key: string;
let client: Holdfast;

beforeAll(async () => {
  server = await startServer('pglite://memory', { environment: { QUOTAS: 'upload_megabytes=20' } });
  ({ id: tenant, key } = await server.tenant('uploads'));
  client = new Holdfast({ url: server.url, key, validate: true });
  const reader = scribe('reader', 1, {
    tools: [{ builtin: 'artifacts.read' }],
    rehearsal: [{ calls: [{ tool: 'artifacts_read', args: { name: 'a.bin', length: 4 } }] }, { say: 'read' }],
  });
  expect((await server.ask(key, 'POST', '/v1/agents', reader)).status).toBe(201);
}, 60_000);
afterEach(() => vi.restoreAllMocks());
afterAll(() => server.close());

const bytesOf = (size: number) => {
  const bytes = randomBytes(size);
  return { bytes, size, digest: createHash('sha256').update(bytes).digest('hex') };
};
const open = (size: number, digest: string) => client.uploads.create({ name: 'a.bin', size, digest });

const complete = async (size: number): Promise<string> => {
  const { bytes, digest } = bytesOf(size);
  const upload = await open(size, digest);
  await client.uploads.send(upload, new Blob([bytes]));
  return (await client.uploads.complete(upload.id)).id;
};

/** Whoever has files in the store, uploads included. */
const inTheStore = async (): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { run } of server.api.ports.artifacts.runs()) ids.push(run);
  return ids.sort();
};

const endOf = async (run: string): Promise<string> => {
  for await (const _ of client.runs.events(run)) continue;
  return (await client.runs.get(run)).status;
};

test('a file is uploaded, verified, read by a run and downloaded again', async () => {
  const { bytes, size, digest } = bytesOf(3_000_000);
  const upload = await open(size, digest);
  expect(upload).toMatchObject({ state: 'open', name: 'a.bin', media_type: 'application/octet-stream' });
  expect(upload.put).toMatchObject({ signed: false, url: expect.stringContaining(`/v1/uploads/${upload.id}/content`) });
  await expect(client.uploads.complete(upload.id)).rejects.toMatchObject({ code: 'upload_incomplete', status: 409 });
  await expect(client.runs.start({ agent: 'reader', files: [upload.id] })).rejects.toMatchObject({
    code: 'upload_incomplete',
  });
  await client.uploads.send(upload, new Blob([bytes]));
  for (let time = 0; time < 2; time += 1)
    expect(await client.uploads.complete(upload.id)).toMatchObject({ state: 'complete', id: upload.id });
  expect(await client.uploads.get(upload.id)).toMatchObject({ state: 'complete' });

  const run = await client.runs.start({ agent: 'reader', input: 'look', files: [upload.id] });
  expect(await endOf(run.id)).toBe('succeeded');
  const { items } = await client.artifacts.list(run.id);
  expect(items).toEqual([{ digest, name: 'a.bin', media_type: 'application/octet-stream', size }]);
  expect(Buffer.compare(await client.artifacts.get(run.id, digest), bytes)).toBe(0);
  const hash = createHash('sha256');
  for await (const piece of await client.artifacts.stream(run.id, digest)) hash.update(piece);
  expect(hash.digest('hex')).toBe(digest);
  // Where nobody reaches the store, the link is the API's own.
  const link = await client.artifacts.link(run.id, digest);
  expect(link).toEqual({
    url: expect.stringContaining(`/v1/runs/${run.id}/artifacts/${digest}`),
    headers: {},
    signed: false,
    expires_at: null,
  });
  const raw = await server.ask(key, 'GET', `/v1/runs/${run.id}/artifacts/${digest}`);
  expect(raw.headers.get('content-length')).toBe(String(size));
});

test('a stream is taken as it comes, and what is not as told leaves nothing', async () => {
  const { bytes, size, digest } = bytesOf(2_000_000);
  const upload = await open(size, digest);
  const wrong = Buffer.from(bytes);
  wrong[size - 1] = (wrong[size - 1] ?? 0) ^ 1;
  for (const sent of [wrong, bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)])])
    await expect(
      client.uploads.send({ ...upload, size: sent.length }, new Blob([Uint8Array.from(sent)])),
    ).rejects.toMatchObject({ code: 'upload_mismatch', status: 422 });
  await expect(client.uploads.complete(upload.id)).rejects.toMatchObject({ code: 'upload_incomplete' });
  expect(await server.api.ports.artifacts.files({ tenant, run: upload.id })).toEqual([]);
  const pieces = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < size; at += 100_000) controller.enqueue(bytes.subarray(at, at + 100_000));
      controller.close();
    },
  });
  await client.uploads.send(upload, pieces);
  expect((await client.uploads.complete(upload.id)).state).toBe('complete');
});

test('an upload is its tenant’s own', async () => {
  const { size, digest } = bytesOf(1);
  const upload = await open(size, digest);
  const other = new Holdfast({ url: server.url, key: (await server.tenant('other')).key });
  for (const attempt of [() => other.uploads.get(upload.id), () => other.uploads.complete(upload.id)])
    await expect(attempt()).rejects.toMatchObject({ code: 'upload_not_found', status: 404 });
});

test('no more may be on the way than the quota lets through', async () => {
  const full = await server.tenant('full');
  const uploads = new Holdfast({ url: server.url, key: full.key }).uploads;
  const digest = 'a'.repeat(64);
  await uploads.create({ name: 'a', size: 12_000_000, digest });
  await expect(uploads.create({ name: 'b', size: 9_000_000, digest })).rejects.toMatchObject({
    code: 'quota_exceeded',
    problem: { quota: 'upload_megabytes', limit: 20, used: 12 },
  });
  await uploads.create({ name: 'c', size: 8_000_000, digest });
});

test('a request that is refused leaves no copy of its files', async () => {
  const files = [await complete(1_000), await complete(1_001)];
  const before = await inTheStore();
  const { artifacts } = server.api.ports;
  const copy = artifacts.copy.bind(artifacts);
  const copying = vi.spyOn(artifacts, 'copy');
  const refusals: readonly [string, object][] = [
    ['agent_not_found', { agent: 'nobody' }],
    ['version_not_found', { agent: 'reader', version: 9 }],
    ['limit_not_lower', { agent: 'reader', limits: { steps: 1_000_000 } }],
    ['upload_not_found', { agent: 'reader', files: [...files, '01920000-0000-7000-8000-000000000000'] }],
  ];
  for (const [code, body] of refusals) {
    const answer = await server.ask(key, 'POST', '/v1/runs', { files, ...body });
    expect(answer.json).toMatchObject({ code });
    expect(copying).not.toHaveBeenCalled();
  }
  // What only the transaction finds out, and what is gone from the store by the time it is copied.
  const thread = '01920000-0000-7000-8000-000000000000';
  for (const headers of [{}, { 'idempotency-key': 'refused' }]) {
    const answer = await server.ask(key, 'POST', '/v1/runs', { agent: 'reader', files, thread }, headers);
    expect(answer.json).toMatchObject({ code: 'thread_not_found' });
  }
  copying.mockImplementation((from, to, digest) =>
    from.run === files[1] ? Promise.resolve(false) : copy(from, to, digest),
  );
  const gone = await server.ask(key, 'POST', '/v1/runs', { agent: 'reader', files });
  expect(gone.json).toMatchObject({ code: 'upload_not_found' });
  expect(copying).toHaveBeenCalledTimes(6);
  expect(await inTheStore()).toEqual(before);
  // What cannot be removed is left to the sweep, and changes nothing about the answer.
  vi.spyOn(artifacts, 'removeRun').mockRejectedValue(new Error('away'));
  const left = await server.ask(key, 'POST', '/v1/runs', { agent: 'reader', files });
  expect(left.json).toMatchObject({ code: 'upload_not_found' });
  copying.mockRestore();
  const late = await server.ask(key, 'POST', '/v1/runs', { agent: 'reader', files, thread });
  expect(late.json).toMatchObject({ code: 'thread_not_found' });
});

test('a repetition copies nothing', async () => {
  const body = { agent: 'reader', files: [await complete(1_000)] };
  const start = () => server.ask(key, 'POST', '/v1/runs', body, { 'idempotency-key': 'twice' });
  const first = await start();
  expect(first.status).toBe(201);
  const after = await inTheStore();
  const copying = vi.spyOn(server.api.ports.artifacts, 'copy');
  expect(await start()).toMatchObject({ status: 201, text: first.text });
  const other = await server.ask(key, 'POST', '/v1/runs', { ...body, input: 'x' }, { 'idempotency-key': 'twice' });
  expect(other.json).toMatchObject({ code: 'idempotency_mismatch' });
  const run = String(first.json['id']);
  expect(await endOf(run)).toBe('succeeded');
  const fork = () => server.ask(key, 'POST', `/v1/runs/${run}/rerun`, {}, { 'idempotency-key': 'twice' });
  const forked = await fork();
  expect(forked.status).toBe(201);
  expect(copying).toHaveBeenCalledTimes(1);
  expect(await fork()).toMatchObject({ status: 201, text: forked.text });
  expect(copying).toHaveBeenCalledTimes(1);
  expect(await inTheStore()).toEqual([...after, String(forked.json['id'])].sort());
});

test('repetitions at once start one run, whose files are whole, and leave no others', async () => {
  const files = [await complete(300_000), await complete(300_001)];
  const before = await inTheStore();
  const { artifacts } = server.api.ports;
  const copy = artifacts.copy.bind(artifacts);
  // None goes on before all have found that nobody was there before them.
  let arrived = 0;
  let letAllGo = (): void => undefined;
  const all = new Promise<void>((resolve) => (letAllGo = resolve));
  vi.spyOn(artifacts, 'copy').mockImplementation(async (from, to, digest) => {
    arrived += 1;
    if (arrived === 5) letAllGo();
    await all;
    return copy(from, to, digest);
  });
  const start = () => server.ask(key, 'POST', '/v1/runs', { agent: 'reader', files }, { 'idempotency-key': 'at-once' });
  const answers = await Promise.all(Array.from({ length: 5 }, start));
  const [run, ...more] = new Set(answers.map(({ json }) => String(json['id'])));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
  expect(more).toEqual([]);
  expect(await inTheStore()).toEqual([...before, run ?? ''].sort());
  expect(await endOf(run ?? '')).toBe('succeeded');
  const { items } = await client.artifacts.list(run ?? '');
  expect(new Set(items.map(({ size }) => size))).toEqual(new Set([300_000, 300_001]));
  for (const { digest, size } of items) expect(await client.artifacts.get(run ?? '', digest)).toHaveLength(size);
});

test('what was not finished or not taken is gone after a day, and what a run has taken stays', async () => {
  const [taken, left] = [bytesOf(10), bytesOf(11)];
  const ids: string[] = [];
  for (const { bytes, size, digest } of [taken, left]) {
    const upload = await open(size, digest);
    await client.uploads.send(upload, new Blob([bytes]));
    await client.uploads.complete(upload.id);
    ids.push(upload.id);
  }
  const { id: run } = await client.runs.start({ agent: 'reader', files: ids.slice(0, 1) });
  expect(await endOf(run)).toBe('succeeded');

  const scope = { tenant };
  const expired = await server.api.ports.transactions.run(scope, (stores) =>
    createUpload(stores, server.api.ports.quotas, scope, {
      id: run,
      name: 'a',
      mediaType: 'x/y',
      size: 1,
      digest: taken.digest,
    }),
  );
  await server.database.connections.lend((sql) =>
    sql.query('update holdfast.uploads set expires_at = 1 where id = any ($1)', [
      `{${[...ids, expired.id].join(',')}}`,
    ]),
  );
  for (const id of ids) await expect(client.uploads.get(id)).rejects.toMatchObject({ code: 'upload_not_found' });
  await expect(client.runs.start({ agent: 'reader', files: ids })).rejects.toMatchObject({ code: 'upload_not_found' });

  // Two days on, as the sweep of a worker sees it.
  const { artifacts, clock, runs, directory, log } = server.api.ports;
  const DAY_MS = 86_400_000;
  const later = { ...clock, now: () => clock.now() + 2 * DAY_MS };
  const { knowsTenant, housekeep } = await server.database.worker('cleaner');
  const look = removeStrays(
    { runs, artifacts, artifactRows: (ref) => directory.artifacts(ref), knowsTenant, clock: later, log },
    0,
  );
  while ((await look()) > 0);
  for (const id of ids) expect(await artifacts.files({ tenant, run: id })).toEqual([]);
  expect((await artifacts.files({ tenant, run })).map(({ name }) => name)).toEqual([taken.digest]);
  while ((await housekeep()) > 0);
  const rows = await server.database.connections.lend((sql) =>
    sql.query<{ id: string }>('select id from holdfast.uploads where id = any ($1)', [`{${ids.join(',')}}`]),
  );
  expect(rows).toEqual([]);
});
