import { makeBucket } from '@holdfast/adapters/s3';
import { parseEnv, readiness } from '@holdfast/contracts';
import { Holdfast } from '@holdfast/sdk';
import { describeSeaweedFs } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readLog } from '../chaos/harness/read-log.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

describeSeaweedFs('with the store of the artifacts away', (store) => {
  let server: TestServer;
  let client: Holdfast;
  let key: string;

  beforeAll(async () => {
    const { endpoint, accessKey, secretKey } = store();
    const environment = {
      S3_ENDPOINT: endpoint,
      S3_PUBLIC_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
    };
    const { s3, secrets } = parseEnv(environment);
    if (s3 === null) throw new Error('no store is configured');
    await makeBucket({ ...s3, credentials: secrets.s3 });
    server = await startServer('pglite://memory', { environment });
    ({ key } = await server.tenant('acme'));
    client = new Holdfast({ url: server.url, key, retries: { attempts: 1 } });
    const write = (name: string) => ({ calls: [{ tool: 'artifacts_write', args: { name, content: name } }] });
    const asks = { calls: [{ tool: 'ask', args: { question: 'go on?' } }] };
    const plan = { rehearsal: [write('first.txt'), asks, write('second.txt'), { say: 'done' }] };
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1, plan));
    await server.ask(key, 'POST', '/v1/agents', { name: 'talker', rehearsal: [{ say: 'done' }] });
  }, 120_000);
  afterAll(() => server.close());

  const checks = async () => {
    const answer = await fetch(`${server.url}/readyz`);
    return { ...readiness.parse(await answer.json()), status: answer.status };
  };

  /** How many files the run has begun to write, and how many are there, by its log. */
  const writes = async (run: string) => {
    const log = await readLog(server.url, key, run);
    const calls = log.filter(({ type, data }) => type === 'tool.called' && data['name'] === 'artifacts_write');
    const refs = calls.map(({ data }) => data['call']);
    const returned = log.filter(({ type, data }) => type === 'tool.returned' && refs.includes(data['call']));
    return { called: calls.length, returned: returned.length };
  };

  test('a run waits for it and goes on, and what needs it is refused until then', async () => {
    const run = await client.runs.start({ agent: 'scribe' });
    const question = await vi.waitUntil(
      async () => {
        for await (const each of client.attention.list({ run: run.id })) return each;
        return null;
      },
      { timeout: 30_000 },
    );
    const [first] = (await client.artifacts.list(run.id)).items;
    if (question === null || first === undefined) throw new Error('the run did not come to its question');
    expect(await checks()).toMatchObject({ status: 200, checks: { database: 'ok', artifacts: 'ok' } });

    await store().kill();
    await client.attention.decide(run.id, question.ref, { decision: 'answer', answer: 'yes' });
    // Everything else can still be done, so it is ready; and it says what is missing.
    expect(await checks()).toMatchObject({
      status: 200,
      checks: { database: 'ok', artifacts: expect.stringContaining('does not answer') as string },
    });
    const away = { status: 503, code: 'artifacts_unavailable' };
    await expect(client.runs.start({ agent: 'scribe', input: 'x'.repeat(100_000) })).rejects.toMatchObject(away);
    await expect(client.artifacts.get(run.id, first.digest)).rejects.toMatchObject(away);
    // A run that needs nothing of it goes to its end.
    const talker = await client.runs.start({ agent: 'talker' });
    await vi.waitUntil(async () => (await client.runs.get(talker.id)).status === 'succeeded', { timeout: 30_000 });
    // The other one is at its second file, and stays there.
    await vi.waitUntil(async () => (await writes(run.id)).called === 2, { timeout: 30_000 });
    expect(await writes(run.id)).toEqual({ called: 2, returned: 1 });

    await store().start();
    await vi.waitUntil(async () => (await client.runs.get(run.id)).status === 'succeeded', { timeout: 60_000 });
    const { items } = await client.artifacts.list(run.id);
    expect(items.map(({ name }) => name)).toEqual(['first.txt', 'second.txt']);
    for (const { digest, name } of items)
      expect(new TextDecoder().decode(await client.artifacts.get(run.id, digest))).toBe(name);
    expect(await checks()).toMatchObject({ checks: { artifacts: 'ok' } });
  }, 180_000);

  test('a link of the store itself is handed out', async () => {
    const run = await client.runs.start({ agent: 'scribe' });
    await vi.waitUntil(async () => (await client.artifacts.list(run.id)).items.length > 0, { timeout: 30_000 });
    const [file] = (await client.artifacts.list(run.id)).items;
    const link = await client.artifacts.link(run.id, file?.digest ?? '');
    expect(link).toMatchObject({ signed: true, url: expect.stringContaining(store().endpoint) as string });
    expect(await (await fetch(link.url)).text()).toBe('first.txt');
    const bytes = new TextEncoder().encode('uploaded');
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    const upload = await client.uploads.create({ name: 'u.txt', size: bytes.length, digest });
    expect(upload.put.signed).toBe(true);
    await client.uploads.send(upload, new Blob([bytes]));
    expect((await client.uploads.complete(upload.id)).state).toBe('complete');
    const taker = await client.runs.start({ agent: 'scribe', files: [upload.id] });
    expect((await client.artifacts.list(taker.id)).items[0]).toMatchObject({ name: 'u.txt', digest });
  }, 60_000);

  /** Of zeros, as a file of a run. */
  const megabytes = async (count: number) => {
    const bytes = new Uint8Array(count * 1_000_000);
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    return { bytes, digest, size: bytes.length };
  };
  const asked = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream' },
    });
  const busy = { status: 503, retry: '1', kept: 'no-store', name: null, code: 'artifacts_busy' };
  const refusal = async (answer: Response) => {
    const { code } = (await answer.json()) as { code: string };
    const header = (name: string) => answer.headers.get(name);
    const name = header('content-disposition');
    return { status: answer.status, retry: header('retry-after'), kept: header('cache-control'), name, code };
  };

  test('more downloads than one tenant may have are refused, and the rest goes on', async () => {
    const { bytes, digest, size } = await megabytes(24);
    const upload = await client.uploads.create({ name: 'large.bin', size, digest });
    await client.uploads.send(upload, new Blob([bytes]));
    await client.uploads.complete(upload.id);
    const run = await client.runs.start({ agent: 'talker', files: [upload.id] });
    const path = `/v1/runs/${run.id}/artifacts/${digest}`;
    // Nobody reads them, so none of them ends.
    const downloads = await Promise.all(Array.from({ length: 32 }, () => asked(path)));
    expect(new Set(downloads.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await refusal(await asked(path))).toEqual(busy);
    expect(await checks()).toMatchObject({ checks: { artifacts: 'ok' } });
    await client.runs.start({ agent: 'talker', input: 'x'.repeat(100_000) });
    for (const { body } of downloads) await body?.cancel();
    await vi.waitUntil(async () => (await client.artifacts.get(run.id, digest)).length === size, { timeout: 30_000 });
  }, 90_000);

  test('more uploads through the API than one tenant may have are refused, and those under way end well', async () => {
    const { bytes, digest, size } = await megabytes(1);
    let goOn = false;
    const slowly = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes.subarray(1)),
        pull: async (controller) => {
          await vi.waitUntil(() => goOn, { timeout: 60_000 });
          controller.enqueue(bytes.subarray(0, 1));
          controller.close();
        },
      });
    const send = async (body: Blob | ReadableStream<Uint8Array>): Promise<Response> => {
      const { id } = await client.uploads.create({ name: 'a.bin', size, digest });
      return asked(`/v1/uploads/${id}/content`, { method: 'PUT', body, duplex: 'half' } as RequestInit);
    };
    const under = Array.from({ length: 9 }, () => send(slowly()));
    const first = await Promise.race(under);
    expect(await refusal(first)).toEqual(busy);
    goOn = true;
    const statuses = (await Promise.all(under)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(8);
    expect((await send(new Blob([bytes]))).status).toBe(204);
  }, 90_000);
});
