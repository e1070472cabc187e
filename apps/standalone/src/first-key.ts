import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant, type Installation, newKey, parseKey } from '@holdfast/core';

export const DEMO_TENANT = 'demo';

export interface DemoKey {
  readonly tenant: string;
  readonly key: string;
  /** Where the CLI finds it. */
  readonly file: string;
}

/**
 * The tenant `demo` and an admin key of it. The key lies in `cli.json` in the data directory, readable by its owner
 * only; where that was lost, a new key is made.
 */
export async function demoKey(installation: Installation, dataDir: string, slots: number): Promise<DemoKey> {
  const file = join(dataDir, 'cli.json');
  const tenant = await installation.tenantByName(DEMO_TENANT);
  if (tenant === null) return { ...(await createTenant(installation, DEMO_TENANT, slots)), file };
  const kept = keptKey(file);
  if (kept !== null && parseKey(kept)?.tenant === tenant) return { tenant, key: kept, file };
  const { stored, text } = newKey(tenant, 'key of npm start', ['admin']);
  await installation.addKey({ tenant }, stored);
  return { tenant, key: text, file };
}

/** Whole or not at all: a start that is killed leaves the file as it was. */
export function keepKey({ key, file }: DemoKey, url: string): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ url, api_key: key }, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

function keptKey(file: string): string | null {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof kept === 'object' && kept !== null && 'api_key' in kept && typeof kept.api_key === 'string'
      ? kept.api_key
      : null;
  } catch {
    return null;
  }
}
