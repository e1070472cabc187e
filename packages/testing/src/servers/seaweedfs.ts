import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { answers, startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

/** A real S3 server, which checks signatures; it survives its own death. */
export interface SeaweedFsServer {
  readonly endpoint: string;
  /** With it as the host, buckets stand in the name: `<bucket>.s3.localhost`, which no resolver knows. */
  readonly virtualHost: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** SIGKILL: asked politely, it takes half a minute. */
  kill(): Promise<void>;
  /** After `kill`: on the same ports, with what it knew. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const DOMAIN = 's3.localhost';
const keys = { accessKey: 'testkey', secretKey: 'testsecret' };
const identities = {
  identities: [
    {
      name: 'holdfast',
      credentials: [keys],
      actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'],
    },
  ],
};

/** On free ports of 127.0.0.1; it ends with this process at the latest. `bin`: the path of `weed`. */
export async function startSeaweedFs(bin: string): Promise<SeaweedFsServer> {
  const folder = serverFolder('seaweedfs', undefined);
  const identityFile = join(folder, 's3.json');
  mkdirSync(join(folder, 'data'));
  writeFileSync(identityFile, JSON.stringify(identities));
  // Each port that is not given is a fixed one, and two servers on a machine would collide.
  const names = ['master', 'volume', 'filer', 's3', 'admin'];
  const ports = new Map<string, number>();
  for (const name of names.flatMap((each) => [`${each}.port`, `${each}.port.grpc`])) ports.set(name, await freePort());
  const port = ports.get('s3.port') ?? 0;
  const endpoint = `http://127.0.0.1:${port}`;
  const args = ['mini', `-dir=${folder}/data`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'];
  args.push(...[...ports].map(([name, number]) => `-${name}=${number}`), `-metricsPort=${await freePort()}`);
  args.push('-s3.port.iceberg=0', '-s3.port.lance=0', '-admin.ui=false', '-webdav=false', '-master.telemetry=false');
  args.push(`-s3.config=${identityFile}`, `-s3.domainName=${DOMAIN}`, '-s3.autoCreateBucket=false');
  const { kill, start, stop } = await startServer({
    name: 'SeaweedFS',
    command: bin,
    args,
    folder,
    process: 'weed',
    isReady: () => answers(`${endpoint}/healthz`),
  });
  return {
    endpoint,
    virtualHost: `http://${DOMAIN}:${port}`,
    ...keys,
    kill,
    start,
    stop: async () => {
      await stop();
      // Its sockets, which it keeps beside everybody's.
      for (const [name, number] of ports) {
        const [server = '', , kind] = name.split('.');
        rmSync(join(tmpdir(), `seaweedfs-${server}-${kind === undefined ? '' : 'grpc-'}${number}.sock`), {
          force: true,
        });
      }
    },
  };
}
