import { setTimeout as pause } from 'node:timers/promises';
import type { PartName } from '../harness/part.ts';
import type { Stack } from '../harness/start-stack.ts';
import type { Load } from './load.ts';

/** Who dies, all at once. */
export interface Death {
  readonly words: string;
  readonly parts: readonly PartName[];
}

export const deaths: readonly Death[] = [
  { words: 'database (Postgres)', parts: ['database'] },
  { words: 'pooler (PgBouncer)', parts: ['pooler'] },
  { words: 'cache (Valkey)', parts: ['cache'] },
  { words: 'store (SeaweedFS)', parts: ['store'] },
  { words: 'Temporal', parts: ['engine'] },
  { words: 'Keycloak', parts: ['issuer'] },
  { words: 'edge (Traefik)', parts: ['edge'] },
  { words: 'API', parts: ['api'] },
  { words: 'one worker of two', parts: ['worker'] },
  { words: 'both workers', parts: ['worker', 'second worker'] },
];

/** When a death was; ms since 1970. */
export interface Died {
  readonly words: string;
  readonly killedAt: number;
  /** All were ready again, by what they say of themselves. */
  readonly backAt: number;
  /** A run that was started afterwards had ended well, and all else was answered; null = never. */
  readonly wellAt: number | null;
}

const RECOVERY_LIMIT_MS = 90_000;
export interface Times {
  readonly goneMs: number;
  /** Before a death. A database that has just begun has nobody judged dead for 5 s. */
  readonly calmMs: number;
}

/** Kills the parts under the load, starts them again after a while, and waits until all is well. */
export async function killParts(
  stack: Stack,
  load: Load,
  { words, parts }: Death,
  { goneMs, calmMs }: Times,
): Promise<Died> {
  await pause(calmMs);
  const killed = parts.map((name) => stack.parts[name]);
  const killedAt = Date.now();
  await Promise.all(killed.map((part) => part.kill()));
  await pause(goneMs);
  await Promise.all(killed.map((part) => part.start()));
  const backAt = Date.now();
  return { words, killedAt, backAt, wellAt: await wellAfter(load, backAt) };
}

async function wellAfter(load: Load, backAt: number): Promise<number | null> {
  while (Date.now() < backAt + RECOVERY_LIMIT_MS) {
    const ended = load.runs.some(({ acceptedAt, end }) => acceptedAt > backAt && end?.type === 'run.succeeded');
    if (ended && (['read', 'login', 'file'] as const).every((kind) => load.seen.wellSince(kind, backAt)))
      return Date.now();
    await pause(20);
  }
  return null;
}
