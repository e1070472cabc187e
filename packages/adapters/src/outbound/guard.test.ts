import type { OutboundOutcome, OutboundRequest } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lookup } from './guarded-connector.ts';
import { OutboundClient } from './outbound-client.ts';
import { rawServer, type RawServer, reply } from './raw-server.suite.ts';

/** Names of this test, with the addresses that each look-up gives in turn. */
const names: Record<string, string[][]> = {
  'private.test': [['10.0.0.5']],
  'metadata.test': [['169.254.169.254']],
  'mixed.test': [['1.1.1.1', '127.0.0.1']],
  'mapped.test': [['::ffff:7f00:1']],
  localhost: [['127.0.0.1']],
  'named.test': [['127.0.0.1']],
  'nowhere.test': [],
};

let server: RawServer;
let redirectTo = '';
let asked: string[] = [];
const lookup: Lookup = (host, done) => {
  asked.push(host);
  const turns = names[host];
  const addresses = turns !== undefined && turns.length > 1 ? turns.shift() : turns?.[0];
  if (addresses === undefined) return done(Object.assign(new Error(`ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
  return done(
    null,
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  );
};

beforeAll(async () => {
  server = await rawServer((socket, request) => {
    const redirects = request.startsWith('GET /redirect');
    socket.end(redirects ? reply(302, '', { location: redirectTo }) : reply(200, 'private'));
  });
});
afterAll(() => server.close());

const get = (url: string, allow: readonly string[] = []): Promise<OutboundOutcome> => {
  asked = [];
  const request: OutboundRequest = { method: 'GET', url, headers: {}, redirects: 'any', maxBytes: 1_000 };
  return new OutboundClient({ allow, lookup }).send(request, AbortSignal.timeout(5_000));
};
const at = (host: string, path = '/'): string => `http://${host}:${server.port}${path}`;

describe('the network guard', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:0001]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '0.0.0.0',
    'localhost',
    'LOCALHOST',
    'private.test',
    'metadata.test',
    'mixed.test',
    'mapped.test',
  ])('refuses %s', async (host) => {
    const before = server.heard.length;
    expect(await get(at(host))).toMatchObject({ type: 'not-sent', why: 'refused' });
    expect(server.heard).toHaveLength(before);
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/', 'not a url', 'http://user:pw@named.test/'])(
    'does not call %s',
    async (url) => expect(await get(url)).toMatchObject({ type: 'not-sent', why: 'refused' }),
  );

  it('says of a name without an address that it is unknown', async () =>
    expect(await get('http://nowhere.example/')).toMatchObject({ type: 'not-sent', why: 'unknown-name' }));

  it.each([
    ['the name', () => ['named.test'], 'named.test'],
    ['the name with its port', () => [`named.test:${server.port}`], 'named.test'],
    ['the range', () => ['127.0.0.0/8'], 'named.test'],
    ['the address', () => ['127.0.0.1'], '127.0.0.1'],
    ['the address with its port', () => [`127.0.0.1:${server.port}`], '0x7f.1'],
  ])('lets through what is allowed by %s', async (_, allow, host) =>
    expect(await get(at(host), allow())).toMatchObject({ type: 'answered' }),
  );

  it('does not let through the same name on another port', async () =>
    expect(await get(at('named.test'), ['named.test:1'])).toMatchObject({ why: 'refused' }));

  it('connects to the address that it has checked', async () => {
    // The second answer of a rebinding name is never asked for in one request, and is refused in the next.
    names['rebinding.test'] = [['127.0.0.9'], ['127.0.0.1']];
    const outcome = await get(at('rebinding.test'), ['127.0.0.9']);
    expect(asked).toEqual(['rebinding.test']);
    expect(outcome).toMatchObject({ type: 'not-sent', why: 'unreachable' });
    expect(await get(at('rebinding.test'), ['127.0.0.9'])).toMatchObject({ why: 'refused' });
  });

  it.each(['http://localhost/', 'http://0x7f.1/', 'http://[::ffff:127.0.0.1]/', 'http://private.test/'])(
    'refuses a redirect to %s',
    async (target) => {
      redirectTo = target;
      const outcome = await get(at('named.test', '/redirect'), ['named.test']);
      expect(outcome).toMatchObject({ type: 'not-sent', why: 'refused', message: expect.stringMatching(/redirected/) });
    },
  );

  it('looks at fetch, too', async () => {
    const { fetch } = new OutboundClient({ allow: ['named.test'], lookup });
    await expect(fetch(at('0x7f.1'))).rejects.toMatchObject({ name: 'NotSent' });
    await expect(fetch(at('private.test'))).rejects.toMatchObject({ name: 'NotSent' });
    redirectTo = 'http://localhost/';
    const redirected = await fetch(at('named.test', '/redirect'));
    expect(redirected.status).toBe(302);
    expect(await (await fetch(at('named.test'))).text()).toBe('private');
  });
});
