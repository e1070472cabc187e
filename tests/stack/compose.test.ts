import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { envKeyNames, metaOf, secretKeys } from '@holdfast/contracts';
import { describeProgram } from '@holdfast/testing/servers';
import { beforeAll, describe, expect, it } from 'vitest';
import { composed, folder, type Model, type Service, startOrder } from './compose-model.ts';
import { observability, thirdParties } from './third-parties.ts';

const sets: Readonly<Record<string, readonly string[]>> = {
  Traefik: ['compose.yaml', 'edge.traefik.yaml'],
  Kong: ['compose.yaml', 'edge.kong.yaml'],
  'Traefik, TLS and Temporal': [
    'compose.yaml',
    'edge.traefik.yaml',
    'tls.traefik.yaml',
    'temporal.yaml',
    'temporal.traefik.yaml',
  ],
  'Kong, TLS, Temporal and sample people': [
    'compose.yaml',
    'edge.kong.yaml',
    'tls.kong.yaml',
    'temporal.yaml',
    'dev.yaml',
  ],
};
const OURS = /^holdfast:/;
/** Which part of the environment contract a service of ours reads. */
const roles = { api: 'api', worker: 'worker', migrate: 'cli' } as const;
const texts = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => [file, readFileSync(`${folder}${file}`, 'utf8')] as const);

const isJob = ({ restart }: Service): boolean => restart.startsWith('on-failure');
const nameOf = (image: string): string => image.split(':')[0] ?? '';

describe('the Compose files', () => {
  it.each(texts)('%s: every image is a variable with a tag, and has a slot for its digest', (_file, text) => {
    for (const line of text.match(/^\s+image: .*$/gm) ?? []) {
      expect(line).toMatch(/image: \$\{([A-Z0-9_]+)_IMAGE:-[\w./-]+:[\w.-]+\}\$\{\1_DIGEST:-\}$/);
      expect(line).not.toContain(':latest');
    }
  });

  it.each(texts)('%s: no password stands in it', (_file, text) => {
    for (const [, key = '', value = ''] of text.matchAll(
      /^\s+([A-Z0-9_]*(?:PASSWORD|PWD|SECRET|TOKEN|KEY(?!CLOAK))[A-Z0-9_]*): *(.*)$/gm,
    )) {
      // A name of a file, nothing, or what the operator sets; SECRETS_URL says where keys lie.
      expect([key, value]).toEqual([
        key,
        expect.stringMatching(/^(\/run\/secrets\/[\w-]+|''|\$\{[A-Z0-9_]+:-\}|\$\{SECRETS_URL:-local:\/\/\}|\/.*)$/),
      ]);
    }
  });
});

describe('the guide', () => {
  const told = ['guides/compose.md', 'reference/environment.md']
    .map((page) => readFileSync(`${folder}../../docs/${page}`, 'utf8'))
    .join('\n');

  it('says of every variable what it does', () => {
    const names = new Set(
      texts.flatMap(([, text]) => [...text.matchAll(/(?<!\$)\$\{([A-Z0-9_]+)/g)].map(([, name]) => name)),
    );
    // Said once for all images, all limits and all secrets.
    const alike = /^\w+_(DIGEST|MEMORY|FILE)$/;
    const untold = [...names].filter((name = '') => !alike.test(name) && !new RegExp(`\\b${name}\\b`).test(told));
    expect(untold).toEqual([]);
  });
});

describeProgram('compose', 'the stack', (bin) => {
  describe.each(Object.entries(sets))('with %s', (_name, files) => {
    let model: Model;
    let services: [string, Service][];
    beforeAll(() => {
      model = composed(bin, files);
      services = Object.entries(model.services);
    });

    it('gives each process of ours every key that it reads, and none beside', () => {
      for (const [name, role] of Object.entries(roles)) {
        const wanted = envKeyNames.filter((key) => metaOf(key).used.includes(role));
        expect([name, ...keysOf(model, name)].toSorted()).toEqual([name, ...wanted].toSorted());
      }
    });

    it('gives the programs of others no key that is not known', () => {
      for (const [name, { image, environment }] of services) {
        if (OURS.test(image)) continue;
        const known = thirdParties[nameOf(image)];
        expect([
          name,
          known === undefined ? image : Object.keys(environment).filter((key) => !known.keys.includes(key)),
        ]).toEqual([name, []]);
      }
    });

    it('publishes the edge alone, which cannot reach the database', () => {
      expect(services.filter(([, { ports }]) => ports.length > 0).map(([name]) => name)).toEqual(['edge']);
      const reachable = (name: string): readonly string[] => Object.keys(model.services[name]?.networks ?? {});
      expect(reachable('edge').filter((network) => reachable('postgres').includes(network))).toEqual([]);
      for (const name of ['postgres', 'valkey', 's3', 'keycloak']) {
        for (const network of reachable(name))
          expect([name, network, model.networks[network]?.internal]).toEqual([name, network, true]);
      }
    });

    it('publishes one port: that for TLS where there is a certificate, else the plain one', () => {
      const tls = files.some((file) => file.startsWith('tls.'));
      const plain = files.includes('edge.kong.yaml') ? 8000 : 8080;
      expect(model.services['edge']?.ports).toEqual([
        tls ? { target: 8443, published: '443' } : { target: plain, published: '8080' },
      ]);
    });

    it('lets the job that fills a volume of root be root', () => {
      const { user, volumes = [] } = model.services['kong-keys'] ?? {};
      const written = volumes.filter(({ read_only: readOnly }) => !readOnly).map(({ target }) => target);
      expect([user, written]).toEqual(files.includes('edge.kong.yaml') ? ['0:0', ['/kong']] : [undefined, []]);
    });

    it('lets nobody reach the pages of Temporal, which ask for no login, but an edge that asks', () => {
      const published = files.includes('temporal.traefik.yaml');
      const within = (network: string): readonly string[] =>
        services.filter(([, { networks }]) => Object.hasOwn(networks, network)).map(([name]) => name);
      const pages = Object.keys(model.services['temporal-ui']?.networks ?? {}).toSorted();
      const engine = files.includes('temporal.yaml') ? ['engine'] : [];
      expect(pages).toEqual(published ? ['engine', 'temporal-pages'] : engine);
      expect(within('temporal-pages')).toEqual(published ? ['edge', 'temporal-ui'] : []);
      expect(within('engine')).not.toContain('edge');
      for (const network of pages) expect([network, model.networks[network]?.internal]).toEqual([network, true]);
      expect(model.services['edge']?.environment['EDGE_TEMPORAL_UI_URL']).toBe(
        published ? 'http://temporal-ui:8080' : undefined,
      );
    });

    it('starts in an order in which everything that is waited for comes', () => {
      const order = startOrder(model);
      const before = (first: string, then: string): void =>
        expect([first, then, order.indexOf(first) < order.indexOf(then)]).toEqual([first, then, true]);
      for (const [first, then] of [
        ['postgres', 'keycloak'],
        ['postgres', 'migrate'],
        ['migrate', 'api'],
        ['migrate', 'worker'],
        ['valkey', 'api'],
        ['s3', 'migrate'],
        ['s3', 'worker'],
        ['keycloak', 'api'],
        ['api', 'edge'],
        ['keycloak', 'realm'],
        ...(files.includes('temporal.yaml')
          ? ([
              ['postgres', 'temporal-schema'],
              ['temporal-schema', 'temporal'],
              ['temporal', 'temporal-namespace'],
              ['temporal-namespace', 'migrate'],
              ['temporal-namespace', 'worker'],
              ['temporal', 'temporal-ui'],
            ] as const)
          : []),
      ] as const)
        before(first, then);
    });

    it('waits for the health of services and for the end of jobs, and for nothing that watches', () => {
      for (const [name, { depends_on: needs }] of services) {
        for (const [need, { condition, required }] of Object.entries(needs)) {
          const needed = model.services[need];
          expect(needed).toBeDefined();
          if (needed === undefined) continue;
          const wanted = isJob(needed) ? 'service_completed_successfully' : 'service_healthy';
          expect([name, need, condition, required]).toEqual([name, need, wanted, true]);
          expect(observability).not.toContain(need);
        }
      }
    });

    it('asks each service for its health, by a program that its image holds', () => {
      for (const [name, { image, healthcheck, ...service }] of services) {
        if (isJob({ image, healthcheck, ...service }) || name === 'packer') continue;
        const probe = OURS.test(image) ? /^CMD node \/app\/health\.mjs$/ : thirdParties[nameOf(image)]?.probe;
        expect([name, healthcheck?.test.join(' ') ?? 'none']).toEqual([name, expect.stringMatching(probe ?? /^$/)]);
      }
    });

    it('takes from every container what it does not need, and bounds it', () => {
      for (const [name, service] of services) {
        expect([name, service]).toEqual([
          name,
          expect.objectContaining({
            privileged: false,
            cap_drop: ['ALL'],
            security_opt: ['no-new-privileges:true'],
            mem_limit: expect.stringMatching(/^\d+$/),
            logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
            restart: name === 'packer' ? 'no' : expect.stringMatching(/^(unless-stopped|on-failure:5)$/),
          }),
        ]);
        expect(service.volumes.map(({ source }) => source).join()).not.toContain('docker.sock');
        if (OURS.test(service.image)) {
          // Else Docker makes a volume without a name for it, with each new container.
          const kept = service.volumes.some(({ target }) => target === '/var/lib/holdfast');
          const tmpfs = kept ? ['/tmp'] : ['/tmp', '/var/lib/holdfast'];
          expect([name, service.read_only, service.init, service.tmpfs]).toEqual([name, true, true, tmpfs]);
        }
      }
    });

    it('lets processes of ours drain before it kills them', () => {
      for (const name of ['api', 'worker']) {
        const { stop_grace_period: grace = '0s', environment } = model.services[name] ?? {};
        expect([name, Number.parseInt(grace, 10) * 1_000]).toEqual([
          name,
          expect.toSatisfy((ms: number) => ms >= Number(environment?.['DRAIN_TIMEOUT_MS']) + 10_000),
        ]);
      }
    });

    it('gives each secret to those that read it, and to nobody else', () => {
      for (const [name, service] of services) {
        const text = JSON.stringify([service.environment, service.command, service.entrypoint, service.healthcheck]);
        const read = new Set([...text.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([, secret = '']) => secret));
        // Read by what is mounted, or when the operator says so.
        for (const secret of Object.keys(readElsewhere)) if (readElsewhere[secret]?.includes(name)) read.add(secret);
        expect([name, ...service.secrets.map(({ source }) => source)].toSorted()).toEqual([name, ...read].toSorted());
      }
      const given = new Set(services.flatMap(([, { secrets }]) => secrets.map(({ source }) => source)));
      expect([...given].toSorted()).toEqual(Object.keys(model.secrets).toSorted());
    });

    it('keeps data in volumes, each of which somebody has, and mounts only files that are here', () => {
      const mounted = services.flatMap(([, { volumes }]) => volumes);
      const kept = mounted.filter(({ type }) => type === 'volume').map(({ source }) => source);
      expect([...new Set(kept)].toSorted()).toEqual(Object.keys(model.volumes).toSorted());
      for (const { source, read_only: readOnly } of mounted.filter(({ type }) => type === 'bind')) {
        expect([source, existsSync(source), readOnly]).toEqual([source, true, true]);
      }
    });
  });

  it('refuses to be read without the address by which the world reaches it', () => {
    expect(() => composed(bin, ['compose.yaml'], { PUBLIC_BASE_URL: '' })).toThrow('run holdfast stack init');
  });
});

/** Secrets that nothing in the Compose files names by their path. */
const readElsewhere: Readonly<Record<string, readonly string[]>> = {
  'postgres-owner': ['postgres'],
  'postgres-api': ['postgres'],
  'postgres-worker': ['postgres'],
  'postgres-keycloak': ['postgres'],
  'postgres-temporal': ['postgres'],
  'model-api-key': ['api', 'worker'],
  'temporal-api-key': ['worker', 'migrate'],
  'temporal-worker': ['worker', 'migrate'],
};

/** The contract's keys of a service: `<KEY>_FILE` of a secret stands for the key. */
function keysOf(model: Model, name: string): readonly string[] {
  return Object.keys(model.services[name]?.environment ?? {}).map((key) => {
    const secret = secretKeys.find((each) => key === `${each}_FILE`);
    return secret ?? key;
  });
}
