import { readdirSync, readFileSync } from 'node:fs';
import { agentVersionResource } from '@holdfast/contracts';
import type { Ask } from './local-client.ts';

/** The same for sources and for what was built: three folders up is the repository. */
const folder = new URL('../../../samples/', import.meta.url);

/** Of one folder, `agent.yaml` comes after those that it calls. */
const agentLast = (left: string, right: string): number => {
  const key = (file: string): string => file.replace(/agent\.yaml$/, '~');
  return key(left) < key(right) ? -1 : 1;
};

/** Publishes every `samples/<name>/*.yaml`. Publishing the same again makes no new version. */
export async function publishSamples(ask: Ask): Promise<readonly string[]> {
  const published: string[] = [];
  for (const file of readdirSync(folder, { encoding: 'utf8', recursive: true }).toSorted(agentLast)) {
    if (!/^[\w-]+[\\/][\w-]+\.yaml$/.test(file)) continue;
    const text = readFileSync(new URL(file, folder), 'utf8');
    const version = await ask(agentVersionResource, 'POST', '/v1/agents', { type: 'application/yaml', text });
    published.push(`${version.agent} v${version.number}`);
  }
  return published;
}
