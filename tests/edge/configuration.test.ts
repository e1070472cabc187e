import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { routes } from '@holdfast/api';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { signingKey } from '../identity/support/issuer.ts';

const run = promisify(execFile);
const deploy = (file: string): string => fileURLToPath(new URL(`../../deploy/${file}`, import.meta.url));
const text = (file: string): string => readFileSync(deploy(file), 'utf8');

/** A path that is published: the whole of one, the beginning of one, or a pattern for one. */
type Published = string;

const traefikFile = z.object({ http: z.object({ routers: z.record(z.string(), z.object({ rule: z.string() })) }) });
/** As it is without any setting, or with the one that is named. */
const withoutTemplates = (template: string, set = 'none'): string =>
  template
    .replaceAll(/^\{\{ \$.*$/gm, '')
    .replaceAll(/\{\{-? *with env "(\w+)" *\}\}([^]*?)\{\{-? *end *\}\}/g, (_all, name: string, block: string) =>
      name === set ? block : '',
    )
    .replaceAll(/\{\{.*?\}\}/g, 'x');
const traefik = traefikFile.parse(parse(withoutTemplates(text('traefik/dynamic.yml')))).http.routers;

const kongFile = z.object({
  services: z.array(
    z.object({
      routes: z.array(
        z.object({
          name: z.string(),
          paths: z.array(z.string()),
          methods: z.array(z.string()).default([]),
          headers: z.record(z.string(), z.array(z.string())).default({}),
          regex_priority: z.number().default(0),
          strip_path: z.boolean(),
          request_buffering: z.boolean().optional(),
          response_buffering: z.boolean().optional(),
          plugins: z.array(z.object({ name: z.string() })).default([]),
        }),
      ),
    }),
  ),
});
const kong = kongFile.parse(parse(text('kong/kong.yml'))).services.flatMap((service) => service.routes);

/** `Path` = whole, `PathPrefix` = beginning, `PathRegexp` = pattern. */
const ofRule = (rule: string): Published[] =>
  [...rule.matchAll(/(Path|PathPrefix|PathRegexp)\(`([^`]+)`\)/g)].map(([, kind, path = '']) => {
    if (kind === 'PathRegexp') return `matches ${path}`;
    return kind === 'Path' ? `is ${path}` : `begins with ${path}`;
  });
/** Kong takes a path for a beginning, one after `~` for a pattern that begins at the beginning. */
const ofPath = (path: string): Published => {
  if (!path.startsWith('~')) return `begins with ${path}`;
  const whole = /^~([\w/.-]+)\$$/.exec(path)?.[1];
  return whole === undefined ? `matches ^${path.slice(1)}` : `is ${whole}`;
};

const byTraefik = new Set(Object.values(traefik).flatMap(({ rule }) => ofRule(rule)));
const byKong = new Set(kong.flatMap(({ paths }) => paths.map(ofPath)));

const isPublished = (path: string): boolean =>
  [...byTraefik].some((published) => {
    const [, kind, word = ''] = /^(is|begins with|matches) (.+)$/.exec(published) ?? [];
    if (kind === 'is') return path === word;
    return kind === 'begins with' ? path.startsWith(word) : new RegExp(word).test(path);
  });

describe('both edges', () => {
  test('publish the same paths', () => {
    expect([...byTraefik].toSorted()).toEqual([...byKong].toSorted());
    expect(byTraefik.size).toBeGreaterThan(10);
  });

  test('publish each route of the API but those for probes, collectors and themselves', () => {
    const inside = routes.map(({ url }) => url).filter((url) => !isPublished(url));
    expect(inside.toSorted()).toEqual(['/auth/verify', '/auth/verify/engine', '/healthz', '/metrics', '/readyz']);
    for (const path of ['/t/acme/v1/runs', '/openapi.json', '/reference/style.css', '/errors/internal'])
      expect([path, isPublished(path)]).toEqual([path, true]);
    for (const path of ['/', '/admin', '/realms/master', '/realms/master/account', '/t/acme/metrics', '/t/a/b/v1/runs'])
      expect([path, isPublished(path)]).toEqual([path, false]);
  });
});

test("Temporal's pages are published where EDGE_TEMPORAL_UI_URL says so, after the API was asked, by Traefik alone", () => {
  const rule = z.object({ rule: z.string(), middlewares: z.array(z.string()), priority: z.number() });
  const file = z.object({
    http: z.object({ routers: z.record(z.string(), rule), middlewares: z.record(z.string(), z.looseObject({})) }),
  });
  const { http } = file.parse(parse(withoutTemplates(text('traefik/dynamic.yml'), 'EDGE_TEMPORAL_UI_URL')));
  const added = Object.keys(http.routers).filter((name) => !Object.hasOwn(traefik, name));
  expect(added).toEqual(['temporal']);
  expect(http.routers['temporal']).toEqual({
    rule: '(Path(`/temporal`) || PathPrefix(`/temporal/`)) && !PathRegexp(`/render/?$`) && (Method(`GET`) || Method(`HEAD`))',
    middlewares: ['flood', 'engine-readers', 'foreign-pages'],
    priority: 10,
  });
  expect(http.middlewares['engine-readers']).toMatchObject({
    forwardAuth: { address: 'x/auth/verify/engine', trustForwardHeader: false },
  });
  expect([...byTraefik, ...byKong].filter((path) => path.includes('temporal'))).toEqual([]);
});

const traefikStatic = z.object({
  entryPoints: z.record(
    z.string(),
    z.object({ transport: z.object({ respondingTimeouts: z.object({ readTimeout: z.string() }) }).optional() }),
  ),
  serversTransport: z.object({ forwardingTimeouts: z.object({ responseHeaderTimeout: z.string() }) }),
});
const kongTimes = z.object({ services: z.array(z.object({ name: z.string(), read_timeout: z.number() })) });

test('both edges wait for the largest file, and until it has been read at the end of its upload', () => {
  const { entryPoints, serversTransport } = traefikStatic.parse(parse(text('traefik/traefik.yml')));
  for (const name of ['web', 'websecure'])
    expect([name, entryPoints[name]?.transport?.respondingTimeouts.readTimeout]).toEqual([name, '4h']);
  expect(serversTransport.forwardingTimeouts.responseHeaderTimeout).toBe('900s');
  const { services } = kongTimes.parse(parse(text('kong/kong.yml')));
  expect(services.find(({ name }) => name === 'api')?.read_timeout).toBe(900_000);
});

describe('kong.yml', () => {
  // zod reads the same JSON Schema as anybody else.
  const schema = z.fromJSONSchema(JSON.parse(text('kong/kong.schema.json')) as Parameters<typeof z.fromJSONSchema>[0]);

  test('is what Kong reads, as far as its sources tell', () => {
    expect(schema.safeParse(parse(text('kong/kong.yml'))).error).toBeUndefined();
  });

  test.each([
    ['an unknown key', 'strip_path: false', 'strip_paths: false'],
    ['an unknown plugin', 'name: request-transformer', 'name: openid-connect'],
    ['a plugin that believes the ids of clients', 'name: request-transformer', 'name: correlation-id'],
    ['an unknown setting of a plugin', 'key_claim_name: kid', 'key_claim: kid'],
    ['a password in the file', '"{vault://env/edge-redis-password}"', 'secret'],
    ['a policy that needs a database', 'policy: redis', 'policy: cluster'],
  ])('would be refused with %s', (_what, from, to) => {
    const changed = text('kong/kong.yml').replace(from, to);
    expect(changed).not.toBe(text('kong/kong.yml'));
    expect(schema.safeParse(parse(changed)).success).toBe(false);
  });

  test('strips no path, and holds back no part of an answer on the way to the API', () => {
    for (const route of kong) expect([route.name, route.strip_path]).toEqual([route.name, false]);
    const streams = kong.filter(({ name }) => ['api-token', 'api-key', 'api-session'].includes(name));
    expect(streams.map(({ response_buffering: buffers }) => buffers)).toEqual([false, false, false]);
  });

  test('passes files on as they come, of whoever may be somebody, and no other body that it cannot measure', () => {
    const files = kong.filter(({ paths }) => paths.some((path) => path.includes('/uploads/')));
    const streams = kong.filter(({ name }) => ['api-token', 'api-key', 'api-session'].includes(name));
    expect(files.map(({ headers }) => headers)).toEqual(streams.map(({ headers }) => headers));
    const plugins = (route: (typeof kong)[number]) => route.plugins.map(({ name }) => name);
    expect(files.map((route) => [...route.methods, route.request_buffering, ...plugins(route)])).toEqual([
      ['PUT', false, 'jwt'],
      ['PUT', false],
      ['PUT', false],
    ]);
    // The others measure by Content-Length, and what has none goes to a route with more conditions, which refuses it.
    const weight = ({ methods, headers }: (typeof kong)[number]) =>
      Number(methods.length > 0) + Number(Object.keys(headers).length > 0);
    for (const route of kong.filter((each) => !files.includes(each))) {
      const kinds = plugins(route);
      if (kinds.includes('request-termination')) continue;
      expect([route.name, kinds.includes('request-size-limiting'), weight(route) < 2]).toEqual([
        route.name,
        true,
        true,
      ]);
      const refusing = kong.filter(({ headers }) => 'transfer-encoding' in headers);
      for (const path of route.name === 'api-open' ? [] : route.paths)
        expect([path, refusing.some((each) => weight(each) === 2 && each.paths.includes(path))]).toEqual([path, true]);
      for (const file of files) expect(refusing.every((each) => each.regex_priority < file.regex_priority)).toBe(true);
    }
  });

  test('is filled with the keys of the issuer, which the schema takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-kong-'));
    const [rsa, elliptic] = await Promise.all([signingKey('one'), signingKey('two', 'ES256')]);
    const published = [rsa.jwk, elliptic.jwk, { ...rsa.jwk, kid: 'three', use: 'enc', alg: 'RSA-OAEP' }];
    const jwks = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
    await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
    const address = jwks.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    const result = join(folder, 'kong.yml');
    const render = (url: string) =>
      run(process.execPath, [deploy('kong/render-keys.mjs'), deploy('kong/kong.yml'), result], {
        env: { JWKS_URL: url },
      });
    try {
      await render(`http://127.0.0.1:${port}/certs`);
      const rendered: unknown = parse(readFileSync(result, 'utf8'));
      expect(schema.safeParse(rendered).error).toBeUndefined();
      expect(rendered).toMatchObject({
        consumers: [
          {
            jwt_secrets: [
              { key: 'one', algorithm: 'RS256' },
              { key: 'two', algorithm: 'ES256' },
            ],
          },
        ],
      });
      // An issuer that is away, or has no keys, leaves the file as it was.
      writeFileSync(result, 'as it was');
      published.length = 0;
      await expect(render(`http://127.0.0.1:${port}/certs`)).rejects.toThrow('has no key that Kong can verify by');
      await expect(render('http://127.0.0.1:1/certs')).rejects.toThrow('cannot be reached');
      expect(readFileSync(result, 'utf8')).toBe('as it was');
    } finally {
      jwks.close();
      rmSync(folder, { recursive: true });
    }
  });
});
