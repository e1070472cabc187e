import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Family } from '../e2e/support/children.ts';
import { startServer } from '../e2e/support/server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const filesystem = join(root, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');

export interface Sample {
  /** A copy of the given folder, which the tool server `files` may read and write. */
  readonly folder: string;
  readonly runs: Family;
  /** The text of a file of the run. */
  file(run: string, name: string): Promise<string>;
  close(): Promise<void>;
}

/** API, worker and MCP filesystem server, with the sample's agents published as they are. */
export async function startSample(name: string, copied: string): Promise<Sample> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-sample-')));
  const folder = join(home, 'files');
  cpSync(join(root, copied), folder, { recursive: true });
  const servers = { files: { command: process.execPath, args: [filesystem, folder] } };
  writeFileSync(join(home, 'tools.json'), JSON.stringify({ servers }));
  const server = await startServer('pglite://memory', { environment: { TOOL_SERVERS_FILE: join(home, 'tools.json') } });
  const { key } = await server.tenant('demo');
  const of = join(root, 'samples', name);
  for (const yaml of readdirSync(of)
    .filter((file) => file.endsWith('.yaml'))
    // Those that it calls come first.
    .toSorted((left, right) => Number(left === 'agent.yaml') - Number(right === 'agent.yaml'))) {
    const type = { 'content-type': 'application/yaml' };
    const { status, text } = await server.ask(key, 'POST', '/v1/agents', readFileSync(join(of, yaml), 'utf8'), type);
    if (status !== 201) throw new Error(`${yaml}: ${status} ${text}`);
  }
  return {
    folder,
    runs: Family.with(server, key),
    file: async (run, wanted) => {
      const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/artifacts`);
      const found = (json['items'] as { name: string; digest: string }[]).findLast((one) => one.name === wanted);
      return (await server.ask(key, 'GET', `/v1/runs/${run}/artifacts/${found?.digest}`)).text;
    },
    close: async () => {
      await server.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
