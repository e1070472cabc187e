import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Holdfast } from '../holdfast.ts';

let url: string;
const seen: { method: string; path: string; headers: Readonly<Record<string, unknown>>; size: number }[] = [];
const server = createServer((request, response) => {
  let size = 0;
  request.on('data', (piece: Buffer) => (size += piece.length));
  request.on('end', () => {
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, path, headers, size });
    const isBusy = path.includes('busy') && seen.filter((each) => each.path === path).length < 3;
    response.statusCode = isBusy ? 503 : path.includes('gone') ? 403 : 204;
    response.end();
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => void server.close());

const upload = (size: number, put: { url: string; signed: boolean; headers?: Record<string, string> }) => ({
  id: '01980000-0000-7000-8000-000000000001',
  name: 'a',
  media_type: 'a/b',
  size,
  digest: 'a'.repeat(64),
  state: 'open' as const,
  created_at: '2026-01-01T00:00:00Z',
  expires_at: '2026-01-02T00:00:00Z',
  put: { headers: {}, expires_at: null, ...put },
});
const stream = (pieces: number, size: number): ReadableStream<Uint8Array> => {
  let left = pieces;
  return new ReadableStream(
    {
      pull: (controller) => {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(new Uint8Array(size));
      },
    },
    { highWaterMark: 1 },
  );
};

it('sends to the store what it asks for, and never the key', async () => {
  const { uploads } = new Holdfast({ url: 'http://nowhere.invalid', key: 'secret' });
  const put = { url: `${url}/bucket/file`, signed: true, headers: { 'x-amz-server-side-encryption': 'AES256' } };
  await uploads.send(upload(3, put), new Blob(['abc']));
  expect(seen.at(-1)).toMatchObject({ method: 'PUT', path: '/bucket/file', size: 3 });
  expect(seen.at(-1)?.headers).toMatchObject({ 'x-amz-server-side-encryption': 'AES256', 'content-length': '3' });
  expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
  await expect(uploads.send(upload(3, { url: `${url}/gone`, signed: true }), new Blob(['abc']))).rejects.toMatchObject({
    status: 403,
  });
});

it('sends through the API with the key, by the address that the client has', async () => {
  const { uploads } = new Holdfast({ url, key: 'secret' });
  await uploads.send(upload(20, { url: 'http://elsewhere.invalid/x', signed: false }), stream(2, 10));
  expect(seen.at(-1)).toMatchObject({
    path: '/v1/uploads/01980000-0000-7000-8000-000000000001/content',
    headers: { authorization: 'Bearer secret', 'content-length': '20', 'content-type': 'application/octet-stream' },
    size: 20,
  });
});

it.each([
  ['a blob', 3, () => new Blob(['abc'])],
  ['a function', 3, () => () => stream(1, 3)],
  ['a stream', 1, () => stream(1, 3)],
] as const)('sends again what it can read again: %s %i times', async (what, times, bytes) => {
  const retries = { attempts: 5, firstMs: 1, maxMs: 1, longestAskedMs: 1 };
  const { uploads } = new Holdfast({ url, key: 'secret', retries });
  const address = `${url}/busy/${encodeURIComponent(what)}`;
  const sent = uploads.send(upload(3, { url: address, signed: true }), bytes());
  if (times === 1) await expect(sent).rejects.toMatchObject({ status: 503 });
  else await sent;
  expect(seen.filter(({ path }) => address.endsWith(path)).map(({ size }) => size)).toEqual(Array(times).fill(3));
});

it('keeps nothing of what was sent', async () => {
  const { uploads } = new Holdfast({ url, key: 'secret' });
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 5);
  await uploads.send(upload(400_000_000, { url, signed: true }), stream(400, 1_000_000));
  clearInterval(watch);
  expect(seen.at(-1)?.size).toBe(400_000_000);
  // A second branch of the stream would hold all of it.
  expect(most).toBeLessThan(200_000_000);
});

it('waits a quarter of an hour for a run with files, as for the end of an upload, and less for others', async () => {
  const waits: number[] = [];
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    waits.push(ms);
    return new AbortController().signal;
  });
  const fetch = (): Promise<Response> => Promise.resolve(Response.json({}));
  const { runs, uploads } = new Holdfast({ url, key: 'secret', fetch });
  await uploads.complete('u');
  await runs.start({ agent: 'a', files: ['u'] });
  await runs.start({ agent: 'a', files: [] });
  await runs.start({ agent: 'a' });
  timeout.mockRestore();
  expect(waits).toEqual([900_000, 900_000, 120_000, 120_000]);
});
