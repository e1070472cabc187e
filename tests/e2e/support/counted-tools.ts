import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Counter } from '../../chaos/harness/counter.ts';

/** The tool server `effects`, whose effects are counted by a process that knows nothing of Holdfast. */
export interface CountedTools {
  /** For TOOL_SERVERS_FILE. */
  readonly file: string;
  /** Effects of that tool so far. */
  count(tool: string): Promise<number>;
  stop(): Promise<void>;
}

const server = fileURLToPath(new URL('../../chaos/harness/effect-server.mjs', import.meta.url));

export async function startCountedTools(): Promise<CountedTools> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-counted-'));
  const counter = await Counter.start(join(folder, 'effects'));
  const file = join(folder, 'tools.json');
  await writeFile(
    file,
    JSON.stringify({ servers: { effects: { command: process.execPath, args: [server, counter.url] } } }),
  );
  return {
    file,
    count: async (tool) => (await counter.effects()).filter((effect) => effect.tool === tool).length,
    stop: async () => {
      counter.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
