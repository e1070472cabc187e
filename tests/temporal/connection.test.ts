import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineTemporal, prepareNamespace, type TemporalSettings, type TemporalTls } from '@holdfast/driver-temporal';
import { type Authority, authority, describeTemporal, freePort } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tlsFront } from './support/tls-front.ts';

const plain = {
  namespace: 'default',
  taskQueue: 'holdfast',
  advanceTaskQueue: 'holdfast',
  tls: null,
  apiKey: null,
  token: null,
};
const trusting: TemporalTls = { serverCa: null, client: null, serverName: null };

async function findings(settings: Partial<TemporalSettings> & { address: string }): Promise<string[]> {
  const found: string[] = [];
  for await (const { level, check, detail } of examineTemporal({ ...plain, ...settings }))
    found.push(`${level} ${check}: ${detail}`);
  return found;
}

describeTemporal('a connection to Temporal', (server) => {
  let folder: string;
  let ours: Authority;
  let theirs: Authority;
  let trusted: TemporalTls;
  const fronts: { address: string; close(): void }[] = [];
  let tls = '';
  let mutual = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hf-tls-'));
    ours = authority(folder, 'ours');
    theirs = authority(folder, 'theirs');
    trusted = { serverCa: ours.certificate, client: null, serverName: 'temporal.internal' };
    const own = ours.issue('temporal.internal');
    fronts.push(await tlsFront(server().address, own, null), await tlsFront(server().address, own, ours.certificate));
    [tls = '', mutual = ''] = fronts.map(({ address }) => address);
  });
  afterAll(() => {
    for (const front of fronts) front.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is fine once the namespace is prepared, which is done once', async () => {
    const settings = { ...plain, address: server().address };
    expect(await findings(settings)).toEqual([
      expect.stringMatching(/^ok temporal: answers at 127\.0\.0\.1:\d+, namespace default$/),
      'fail temporal attributes: namespace default lacks HoldfastTenant, HoldfastAgent, HoldfastVersion, HoldfastStatus, HoldfastWaitingFor: run holdfast migrate',
      'warn temporal workers: no worker polls task queue holdfast: is one running, with the same TEMPORAL_TASK_QUEUE?',
    ]);
    expect(await prepareNamespace(settings)).toHaveLength(5);
    expect(await prepareNamespace(settings)).toEqual([]);
    // What was added is seen a moment later.
    await expect.poll(() => findings(settings)).toContain('ok temporal attributes: set up');
  });

  test('is made over TLS, and with a certificate of ours', async () => {
    expect((await findings({ address: tls, tls: trusted }))[0]).toMatch(/^ok temporal: /);
    const client = ours.issue('worker');
    expect((await findings({ address: mutual, tls: { ...trusted, client } }))[0]).toMatch(/^ok temporal: /);
  });

  test('that fails says why, and what to do', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const client = theirs.issue('worker');
    const says = async (settings: Partial<TemporalSettings> & { address: string }): Promise<string> => {
      const [first = '', ...rest] = await findings(settings);
      expect(rest).toEqual([]);
      return first;
    };
    expect(await says({ address: nobody })).toBe(
      `fail temporal: nothing listens at ${nobody}: is Temporal running, and TEMPORAL_ADDRESS right?`,
    );
    expect(await says({ address: 'nowhere.invalid:7233' })).toContain(
      'the name in nowhere.invalid:7233 cannot be found',
    );
    expect(await says({ address: server().address, namespace: 'nope' })).toContain(
      'there is no namespace nope: make it',
    );
    expect(await says({ address: server().address, tls: trusting })).toContain('speaks no TLS: unset TEMPORAL_TLS');
    expect(await says({ address: tls })).toContain('does it want TLS (TEMPORAL_TLS=true)');
    expect(await says({ address: tls, tls: trusting })).toContain('TEMPORAL_TLS_SERVER_CA_CERT_PATH');
    expect(await says({ address: tls, tls: { ...trusted, serverCa: theirs.certificate } })).toContain(
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    );
    expect(await says({ address: tls, tls: { ...trusted, serverName: null } })).toContain('TEMPORAL_TLS_SERVER_NAME');
    expect(await says({ address: mutual, tls: trusted })).toContain('TEMPORAL_TLS_CLIENT_CERT_PATH');
    expect(await says({ address: mutual, tls: { ...trusted, client } })).toContain('TEMPORAL_TLS_CLIENT_CERT_PATH');
  });
});
