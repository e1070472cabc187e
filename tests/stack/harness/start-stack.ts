import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  type PostgresServer,
  prepareLogins,
  startKeycloak,
  startPgBouncer,
  startPostgres,
  startRedis,
  startSeaweedFs,
  startSourceProgram,
  startTemporal,
  startTraefik,
  type TemporalServer,
} from '@holdfast/testing/servers';
import { Counter } from '../../chaos/harness/counter.ts';
import { holdfast, type Ran } from '../../identity/support/holdfast-cli.ts';
import { type Environment, type Environments, environmentsOf } from './environments.ts';
import { allOf, Launcher } from './launcher.ts';
import type { Part, PartName } from './part.ts';
import { clientSecret, prepareIssuer } from './prepare-issuer.ts';
import type { Programs } from './programs.ts';

/** The core stack as plain processes, with the environment of production. */
export interface Stack {
  /** Where the edge publishes API and login. */
  readonly edge: string;
  /** The API itself: its health is not published. */
  readonly inside: string;
  /** The name of the tenant, in the issuer's realm, too. */
  readonly tenant: string;
  /** Of an admin of the tenant. */
  readonly key: string;
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly environments: Environments;
  readonly temporal: TemporalServer;
  /** Knows what the tools of the server `effects` have done. */
  readonly counter: Counter;
  /** The command line, where an operator is, or with another environment. */
  readonly cli: (args: readonly string[], environment?: Environment) => Promise<Ran>;
  stop(): Promise<void>;
}

const TENANT = 'acme';
/** So few that a slow machine can flood it; whoever kills parts asks some twenty times a second. */
const rates = { EDGE_RATE_AVERAGE: '50', EDGE_RATE_BURST: '400' };
const effectServer = fileURLToPath(new URL('../../chaos/harness/effect-server.mjs', import.meta.url));

/** `say` is told what happens, a line each. It all ends with this process at the latest. */
export async function startStack(programs: Programs, say: (line: string) => void): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  const counter = await Counter.start(join(folder, 'effects'));
  const launcher = new Launcher(say);
  const stop = async (): Promise<void> => {
    await launcher.stop();
    counter.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const toolServersFile = join(folder, 'tool-servers.json');
    const effects = { command: process.execPath, args: [effectServer, counter.url] };
    writeFileSync(toolServersFile, JSON.stringify({ servers: { effects } }));
    // Issuer and API are told where the edge is, and it where they are: the places are chosen first.
    const ports = await distinctPorts(['edge', 'issuer', 'api', 'worker', 'second worker']);
    const edge = localUrl(ports.edge);
    const cli: Stack['cli'] = (args, environment) => holdfast(args, { home: folder, env: environment ?? {} });
    const prepared = { folder, toolServersFile, edge, ports };
    // Keycloak takes longest: the others and the database are prepared meanwhile.
    const [keycloak, { environments, temporal, key }] = await allOf([
      launchIssuer(launcher, programs, edge, ports.issuer),
      launchServers(launcher, programs, prepared, cli),
    ]);
    const ours = (name: 'api' | 'worker' | 'second worker', main: string, environment: Environment, port: number) => {
      const starting = startSourceProgram({ main, environment, readyAt: `${localUrl(port)}/readyz` });
      return launcher.launch(name, 'Holdfast', starting, () => localUrl(port));
    };
    const [first, second] = environments.workers;
    await allOf([
      ours('api', 'apps/api/src/main.ts', environments.api, ports.api),
      ours('worker', 'apps/worker/src/main.ts', first, ports.worker),
      ours('second worker', 'apps/worker/src/main.ts', second, ports['second worker']),
    ]);
    const inside = localUrl(ports.api);
    const behind = {
      EDGE_API_URL: inside,
      EDGE_KEYCLOAK_URL: keycloak.url,
      EDGE_TEMPORAL_UI_URL: temporal.ui,
      ...rates,
    };
    await launcher.launch('edge', 'Traefik', startTraefik(programs.traefik, behind, ports.edge), ({ url }) => url);
    return {
      edge,
      inside,
      tenant: TENANT,
      key,
      parts: launcher.parts,
      environments,
      temporal,
      counter,
      cli: (args, environment = environments.cli) => cli(args, environment),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Prepared {
  readonly folder: string;
  readonly toolServersFile: string;
  readonly edge: string;
  readonly ports: Readonly<Record<'issuer' | 'api' | 'worker' | 'second worker', number>>;
}

async function launchIssuer(launcher: Launcher, { keycloak: home }: Programs, publicUrl: string, port: number) {
  const starting = startKeycloak(home, { publicUrl, port });
  const keycloak = await launcher.launch('issuer', 'Keycloak', starting, ({ url }) => url);
  await prepareIssuer(keycloak, publicUrl);
  return keycloak;
}

/** All else that is not ours; then what `holdfast migrate` and `init` make in them. */
async function launchServers(launcher: Launcher, programs: Programs, prepared: Prepared, cli: Stack['cli']) {
  const { edge, ports, folder, toolServersFile } = prepared;
  const { bin, name } = programs.postgres;
  const [postgres, redis, store, temporal] = await allOf([
    launcher.launch('database', `Postgres ${name}`, restartable(startPostgres({ bin, fsync: true })), local),
    launcher.launch('cache', 'Valkey', startRedis(programs.valkey), local),
    launcher.launch('store', 'SeaweedFS', startSeaweedFs(programs.seaweedfs), ({ endpoint }) => endpoint),
    launcher.launch('engine', 'Temporal', startTemporal(programs.temporal), ({ address }) => address),
  ]);
  const pooling = { bin: programs.pgbouncer, target: postgres.url, poolMode: 'transaction', poolSize: 20 } as const;
  const pooler = await launcher.launch('pooler', 'PgBouncer', startPgBouncer(pooling), local);
  const logins = await prepareLogins(postgres);
  const pooled = (direct: string) => ({ direct, pooled: Object.assign(new URL(direct), { port: pooler.port }).href });
  const environments = environmentsOf({
    edge,
    ports: { api: ports.api, workers: [ports.worker, ports['second worker']] },
    dataDir: join(folder, 'data'),
    toolServersFile,
    database: { api: pooled(logins.api), worker: pooled(logins.worker), owner: logins.owner },
    redisUrl: redis.url,
    store,
    temporal: temporal.address,
    issuerInside: `${localUrl(ports.issuer)}/realms/holdfast`,
    clientSecret,
  });
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await cli(args, environments.cli);
    if (code !== 0) throw new Error(`holdfast ${args.join(' ')} exited with ${code}: ${out}${err}`);
    return out;
  };
  await done('migrate');
  const key = (await done('init', '--tenant', TENANT)).trim();
  return { environments, temporal, key };
}

const localUrl = (port: number): string => `http://127.0.0.1:${port}`;
const local = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;

const restartable = async (starting: Promise<PostgresServer>) => {
  const server = await starting;
  return { ...server, start: () => server.restart() };
};

async function distinctPorts<Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const ports = new Set<number>();
  while (ports.size < names.length) ports.add(await freePort());
  const free = [...ports];
  return Object.fromEntries(names.map((name, index) => [name, free[index]])) as Record<Name, number>;
}
