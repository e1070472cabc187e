import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { ArtifactsUnavailable, type RunRef } from '@holdfast/core';
import { digestOf } from '@holdfast/testing';
import { describeProgram, describeSeaweedFs, freePort, type MotoServer, startMoto } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { S3ArtifactStore, type S3Options } from './artifact-store.ts';
import { examineBucket } from './examine-bucket.ts';
import { explainFailure } from './explain-failure.ts';
import { makeBucket } from './make-bucket.ts';
import type { S3Settings } from './settings.ts';
import { testBucket } from './test-bucket.suite.ts';

const ref = { tenant: 'acme', run: '01980000-0000-7000-8000-000000000001' };
const bytes = new TextEncoder().encode('a report\n');
const digest = digestOf(bytes);

describeSeaweedFs('a bucket on a server that checks signatures', (server) => {
  let settings: S3Settings;
  const open = (given: Partial<S3Settings> = {}, options: S3Options = {}): S3ArtifactStore =>
    new S3ArtifactStore({ ...settings, ...given }, options);
  beforeAll(async () => {
    settings = testBucket(server().endpoint, { publicEndpoint: server().endpoint });
    await makeBucket(settings);
  });

  test('is made when it is missing, and left as it is when it is there', async () => {
    const other = { ...settings, bucket: `test-${randomUUID()}`, region: 'eu-central-1' };
    expect(await Promise.all([makeBucket(other), makeBucket(other)])).toContain('made');
    await open(other).put(ref, digest, bytes);
    expect(await makeBucket(other)).toBe('there');
    expect(await open(other).get(ref, digest)).not.toBeNull();
  });

  const send = (url: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'PUT', body: Uint8Array.from(body), headers });

  test('gives a link that lets in whoever has it, and nobody who changed it or comes late', async () => {
    const store = open();
    await store.put(ref, digest, bytes);
    const link = await store.downloadLink(ref, digest, 'a "report".md', 60);
    const answer = await fetch(link?.url ?? '');
    expect(await answer.text()).toBe('a report\n');
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%20%22report%22.md");
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect((await fetch((link?.url ?? '').replace(digest, '0'.repeat(64)))).status).toBe(403);
    const short = await store.downloadLink(ref, digest, 'a', 1);
    await vi.waitUntil(async () => (await fetch(short?.url ?? '')).status === 403, { timeout: 10_000 });
    const wrong = open({ credentials: { accessKey: 'testkey', secretKey: 'wrong' } });
    expect((await fetch((await wrong.downloadLink(ref, digest, 'a', 60))?.url ?? '')).status).toBe(403);
    expect(await open({ publicEndpoint: null }).downloadLink(ref, digest, 'a', 60)).toBeNull();
  });

  test('signs with the address that the world knows', async () => {
    const store = open({ publicEndpoint: 'https://files.example.com' });
    for (const link of [await store.downloadLink(ref, digest, 'a', 60), await store.uploadLink(ref, digest, 9, 60)])
      expect(link?.url).toMatch(/^https:\/\/files\.example\.com\/test-/);
  });

  test('takes by a link exactly the size that was told, and counts it only when it was verified', async () => {
    const store = open();
    const mine = { ...ref, run: randomUUID() };
    expect(await store.accept(mine, digest, bytes.length)).toBe('absent');
    const link = await store.uploadLink(mine, digest, bytes.length, 60);
    const url = link?.url ?? '';
    expect((await send(url, bytes.subarray(1))).status).toBe(403);
    expect((await send(url, new TextEncoder().encode('a rep0rt\n'))).status).toBe(200);
    // It is there, and under no name that anybody reads.
    expect(await store.get(mine, digest)).toBeNull();
    expect((await store.files(mine)).map((file) => file.digest)).toEqual([null]);
    expect(await store.accept(mine, digest, bytes.length)).toBe('wrong');
    expect(await store.files(mine)).toEqual([]);

    expect((await send(url, bytes)).status).toBe(200);
    expect(await Promise.all([1, 2, 3].map(() => store.accept(mine, digest, bytes.length)))).toContain('there');
    expect(await store.accept(mine, digest, bytes.length)).toBe('there');
    // The link is still good; what was accepted is out of its reach.
    expect((await send(url, new TextEncoder().encode('a rep0rt\n'))).status).toBe(200);
    expect(await store.accept(mine, digest, bytes.length)).toBe('there');
    expect(Buffer.from((await store.get(mine, digest)) ?? []).toString()).toBe('a report\n');
    await store.removeRun(mine);
    expect(await store.files(mine)).toEqual([]);
  });

  test('encrypts what is written where it is told to, also through a link', async () => {
    const store = open({ encryption: { type: 'AES256' } });
    const mine = { ...ref, run: randomUUID() };
    const link = await store.uploadLink(mine, digest, bytes.length, 60);
    expect(link?.headers).toEqual({ 'x-amz-server-side-encryption': 'AES256' });
    expect((await send(link?.url ?? '', bytes)).status).toBe(403);
    expect((await send(link?.url ?? '', bytes, { ...link?.headers })).status).toBe(200);
    expect(await store.accept(mine, digest, bytes.length)).toBe('there');
    const Key = `${mine.tenant}/${mine.run}/${digest}`;
    const head = await store.clients.main.send(new HeadObjectCommand({ Bucket: settings.bucket, Key }));
    expect(head.ServerSideEncryption).toBe('AES256');
  });

  test('signs the key of the encryption into a link, without which nothing is taken', async () => {
    const keyId = randomUUID();
    const store = open({ encryption: { type: 'aws:kms', keyId } });
    const link = await store.uploadLink({ ...ref, run: randomUUID() }, digest, bytes.length, 60);
    const headers = {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': keyId,
    };
    expect(link?.headers).toEqual(headers);
    const other = { ...headers, 'x-amz-server-side-encryption-aws-kms-key-id': randomUUID() };
    for (const wrong of [{}, { 'x-amz-server-side-encryption': 'aws:kms' }, other])
      expect((await send(link?.url ?? '', bytes, wrong)).status).toBe(403);
    // The signature is right; this server has no keys.
    expect((await send(link?.url ?? '', bytes, headers)).status).not.toBe(403);
  });

  test('gives and takes by links where the bucket stands in the host name', async () => {
    const endpoint = server().virtualHost;
    const agent = local();
    const store = open({ endpoint, publicEndpoint: endpoint, pathStyle: false }, { agent });
    const mine = { ...ref, run: randomUUID() };
    const put = await store.uploadLink(mine, digest, bytes.length, 60);
    expect(new URL(put?.url ?? '').hostname).toBe(`${settings.bucket}.s3.localhost`);
    expect(await askBy(agent, put?.url ?? '', bytes.subarray(1))).toMatchObject({ status: 403 });
    expect(await askBy(agent, put?.url ?? '', bytes)).toMatchObject({ status: 200 });
    expect(await store.accept(mine, digest, bytes.length)).toBe('there');
    const got = await store.downloadLink(mine, digest, 'a', 60);
    expect(await askBy(agent, got?.url ?? '')).toEqual({ status: 200, text: 'a report\n' });
    const elsewhere = (got?.url ?? '').replace(settings.bucket, `test-${randomUUID()}`);
    expect((await askBy(agent, elsewhere)).status).toBeGreaterThanOrEqual(400);
  });

  test('what is removed leaves no versions, and a tenant is erased with those that are kept', async () => {
    const other = { ...settings, bucket: `test-${randomUUID()}` };
    await makeBucket(other);
    const store = open(other);
    const { main } = store.clients;
    const Bucket = other.bucket;
    const older = { ...ref, tenant: 'globex' };
    await store.put(older, digest, bytes);
    await main.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    // From before there were versions: it stays below its marker, or it would come back.
    for (const file of await store.files(older)) await store.remove(older, file);
    expect(await store.get(older, digest)).toBeNull();
    await store.removeTenant(older);
    await store.put(ref, digest, bytes);
    await store.put(ref, digest, bytes);
    const [file] = await store.files(ref);
    if (file === undefined) throw new Error('nothing was written');
    const left = async () => {
      const { Versions = [], DeleteMarkers = [] } = await main.send(new ListObjectVersionsCommand({ Bucket }));
      return [...Versions, ...DeleteMarkers].map(({ Key }) => Key);
    };
    expect(await left()).toHaveLength(2);
    await store.remove(ref, file);
    expect(await store.get(ref, digest)).toBeNull();
    expect(await left()).toEqual([]);
    const link = await store.uploadLink(ref, digest, bytes.length, 60);
    for (let time = 0; time < 2; time += 1) expect((await send(link?.url ?? '', bytes)).status).toBe(200);
    expect(await store.accept(ref, digest, bytes.length)).toBe('there');
    const own = `${ref.tenant}/${ref.run}/${digest}`;
    expect(await left()).toEqual([own]);
    await store.put(ref, digest, bytes);
    await main.send(new DeleteObjectCommand({ Bucket, Key: own }));
    expect(await left()).toEqual([own, own, own]);
    expect(await store.hasTenant(ref)).toBe(true);
    await store.removeTenant(ref);
    expect(await store.hasTenant(ref)).toBe(false);
    expect(await left()).toEqual([]);
  });

  test('the doctor finds nothing wrong, and leaves nothing behind', async () => {
    const findings = [];
    for await (const finding of examineBucket(settings)) findings.push(finding);
    expect(findings.map(({ level }) => level)).toEqual(['ok']);
    expect(await open().hasTenant({ tenant: '_doctor' })).toBe(false);
  });

  describe('that cannot be used', () => {
    const cases: [string, () => Promise<Partial<S3Settings>>, RegExp][] = [
      [
        'nobody listens',
        async () => ({ endpoint: `http://127.0.0.1:${await freePort()}` }),
        /ECONNREFUSED.*S3_ENDPOINT/,
      ],
      ['no such host', () => Promise.resolve({ endpoint: 'http://nowhere.invalid' }), /does not answer \(E/],
      ['no bucket', () => Promise.resolve({ bucket: 'nothing-here' }), /no bucket nothing-here.*holdfast migrate/],
      [
        'an unknown key',
        () => Promise.resolve({ credentials: { accessKey: 'nobody', secretKey: 'x' } }),
        /S3_ACCESS_KEY/,
      ],
      [
        'a wrong secret',
        () => Promise.resolve({ credentials: { accessKey: 'testkey', secretKey: 'wrong' } }),
        /S3_SECRET_KEY/,
      ],
    ];
    test.each(cases)('says why: %s', async (_what, given, why) => {
      const wrong = { ...settings, ...(await given()) };
      const store = new S3ArtifactStore(wrong);
      const attempts = [
        () => store.ping(),
        () => store.get(ref, digest),
        () => store.open(ref, digest),
        () => store.put(ref, digest, bytes),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toThrow(ArtifactsUnavailable);
      await expect(store.ping()).rejects.toThrow(why);
      const findings = [];
      for await (const finding of examineBucket(wrong)) findings.push(finding);
      expect(findings).toEqual([{ check: 'bucket', level: 'fail', detail: expect.stringMatching(why) as string }]);
    });
  });

  test('a server that dies in an upload or a download is told as away, and all is well when it is back', async () => {
    const store = open();
    const mine = { ...ref, run: randomUUID() };
    const large = Buffer.alloc(24 * 1024 * 1024, 'x');
    const name = digestOf(large);
    const dying = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield large.subarray(0, 12 * 1024 * 1024);
      await server().kill();
      yield large.subarray(12 * 1024 * 1024);
    };
    await expect(store.putStream(mine, name, dying(), large.length)).rejects.toThrow(ArtifactsUnavailable);
    await expect(store.ping()).rejects.toThrow(/does not answer/);
    await server().start();
    await vi.waitUntil(
      () =>
        store.put(mine, digest, bytes).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    );
    expect(await store.get(mine, name)).toBeNull();
    const pieces = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      await Promise.resolve();
      for (let at = 0; at < large.length; at += 65_536) yield large.subarray(at, at + 65_536);
    };
    await store.putStream(mine, name, pieces(), large.length);
    const read = async (): Promise<number> => {
      let size = 0;
      const opened = await store.open(mine, name);
      for await (const piece of opened?.bytes ?? []) {
        if (size === 0) await server().kill();
        size += piece.length;
      }
      return size;
    };
    await expect(read()).rejects.toThrow(ArtifactsUnavailable);
    await server().start();
    await vi.waitUntil(
      () =>
        store.get(mine, name).then(
          (found) => found?.length === large.length,
          () => false,
        ),
      {
        timeout: 30_000,
      },
    );
  }, 120_000);
});

describeProgram('moto', 'a bucket with a key of its own at AWS', (bin) => {
  let server: MotoServer;
  beforeAll(async () => {
    server = await startMoto(bin);
  });
  afterAll(() => server.stop());

  test('is asked to use that key by whoever writes: us, a copy, a link', async () => {
    const keyId = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const settings = testBucket(server.endpoint, {
      publicEndpoint: server.endpoint,
      encryption: { type: 'aws:kms', keyId },
    });
    await makeBucket(settings);
    const store = new S3ArtifactStore(settings);
    const linked = { ...ref, run: randomUUID() };
    const copied = { ...ref, run: randomUUID() };
    const large = Buffer.alloc(9_000_000, 'x');
    const keyOf = async ({ tenant, run }: RunRef, name: string) => {
      const at = { Bucket: settings.bucket, Key: `${tenant}/${run}/${name}` };
      const { ServerSideEncryption, SSEKMSKeyId } = await store.clients.main.send(new HeadObjectCommand(at));
      return [ServerSideEncryption, SSEKMSKeyId];
    };
    const own = ['aws:kms', keyId];

    const link = await store.uploadLink(linked, digest, bytes.length, 60);
    const body = Uint8Array.from(bytes);
    expect((await fetch(link?.url ?? '', { method: 'PUT', body, headers: { ...link?.headers } })).status).toBe(200);
    expect(await keyOf(linked, `.${digest}.incoming`)).toEqual(own);
    expect(await store.accept(linked, digest, bytes.length)).toBe('there');
    expect(await keyOf(linked, digest)).toEqual(own);
    expect(await store.copy(linked, copied, digest)).toBe(true);
    expect(await keyOf(copied, digest)).toEqual(own);
    await store.put(ref, digest, bytes);
    expect(await keyOf(ref, digest)).toEqual(own);
    await store.putStream(ref, digestOf(large), Readable.from([large]), large.length);
    expect(await keyOf(ref, digestOf(large))).toEqual(own);
    await store.close();
  });
});

/** An agent that finds every name on this machine, as a resolver would for the names of buckets. */
const local = (): Agent =>
  new Agent({ lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) });

/** A GET, or a PUT of the bytes. */
const askBy = (agent: Agent, url: string, body?: Uint8Array): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: body === undefined ? 'GET' : 'PUT' }, (answer) => {
      readAll(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });

describe('a failure in words', () => {
  const settings = testBucket('https://s3.test', { publicEndpoint: 'https://s3.test' });
  const named = (name: string, message = '') => Object.assign(new Error(message), { name });
  test.each([
    [named('RequestTimeTooSkewed'), /clocks.*NTP/],
    [named('AuthorizationHeaderMalformed', "expecting 'eu-west-1'"), /another region.*S3_REGION.*eu-west-1/],
    [named('PermanentRedirect'), /S3_REGION/],
    [named('CredentialsProviderError'), /S3_ACCESS_KEY.*role/],
    [named('AccessDenied', 'no s3:PutObject'), /does not allow it.*no s3:PutObject/],
    [named('KMS.NotFoundException'), /S3_ENCRYPTION/],
    [Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), /NODE_EXTRA_CA_CERTS/],
    [named('TimeoutError'), /does not answer/],
    [Object.assign(named('InternalError'), { $metadata: { httpStatusCode: 500 } }), /answers with 500/],
    ['odd', /s3\.test: odd/],
  ])('%s', (error, words) => {
    expect(explainFailure(error, settings)).toMatch(words);
  });
});
