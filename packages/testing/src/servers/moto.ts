import { freePort } from './free-port.ts';
import { answers, startServer } from './server-life.ts';
import { serverFolder } from './server-process.ts';

/** AWS as moto plays it, in memory. It checks no signature. */
export interface MotoServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** On a free port of 127.0.0.1; it ends with this process at the latest. `bin`: the path of `moto_server`. */
export async function startMoto(bin: string): Promise<MotoServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const life = await startServer({
    name: 'moto',
    command: bin,
    args: ['-H', '127.0.0.1', '-p', String(port)],
    folder: serverFolder('moto', undefined),
    process: 'moto_server',
    isReady: () => answers(`${endpoint}/moto-api/`),
  });
  return { endpoint, stop: async () => void (await life.stop()) };
}
