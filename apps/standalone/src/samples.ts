import { readdirSync, readFileSync } from 'node:fs';
import { agentVersionResource } from '@holdfast/contracts';
import type { Ask } from './local-client.ts';

/** The same for sources and for what was built: three folders up is the repository. */
const folder = new URL('../../../samples/', import.meta.url);

/** Publishes every `samples/<name>/agent.yaml`. Publishing the same again makes no new version. */
export async function publishSamples(ask: Ask): Promise<readonly string[]> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const published: string[] = [];
  for (const { name } of names) {
    const text = readFileSync(new URL(`${name}/agent.yaml`, folder), 'utf8');
    const version = await ask(agentVersionResource, 'POST', '/v1/agents', { type: 'application/yaml', text });
    published.push(`${version.agent} v${version.number}`);
  }
  return published;
}
