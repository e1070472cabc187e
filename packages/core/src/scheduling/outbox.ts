import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { OutboxKind } from '../log/run-store.ts';

/** A row that was offered to this worker. */
export interface OutboxRow {
  readonly kind: OutboxKind;
  readonly tenant: string;
  readonly subject: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** ms since 1970. Names the offer: a row that was written or offered again has another. */
  readonly reservedUntil: number;
}

/**
 * What appends left to be done elsewhere: rows of `due` of all kinds but `run`, one for each kind and subject. Every
 * method may throw `DatabaseUnavailable`.
 */
export interface Outbox {
  /** Up to `limit` rows of the kind that are due, oldest first; they are not offered to others for `reserveMs`. */
  pick(kind: OutboxKind, limit: number, reserveMs: number): Promise<readonly OutboxRow[]>;
  /** Deletes the row, unless it was written again or offered to another since. */
  finish(row: OutboxRow): Promise<void>;
  /** To be offered again at `at`, ms since 1970, under the same condition; `attempts` = how often it counts as offered. */
  postpone(row: OutboxRow, at: number, attempts: number): Promise<void>;
}

/**
 * Does what the row is for. Idempotent: a row may be offered again after it was handled, and to two workers at once.
 * `again`: there is more to do, not before that time (ms since 1970). What it throws is logged, and it is tried again.
 */
export type OutboxHandler = (row: OutboxRow) => Promise<'done' | { readonly again: number }>;

export type OutboxHandlers = Readonly<Partial<Record<OutboxKind, OutboxHandler>>>;

export interface OutboxPorts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
}

/** A worker that died leaves its rows to others after this long, ms. */
const RESERVE_MS = 5_000;
/** Longer than a slow receiver is waited for. */
const RESERVE_WEBHOOK_MS = 20_000;
/** Rows handled side by side. Slow ones shall not take the connections that appends need. */
const AT_ONCE: Readonly<Record<OutboxKind, number>> = {
  child: 20,
  expiry: 20,
  bulk: 2,
  files: 3,
  retention: 2,
  engine: 20,
  schedule: 5,
  webhook: 20,
  budget: 2,
  room: 2,
  erasure: 1,
  thaw: 1,
};
const LONGEST_PAUSE_MS = 60_000;

/** Rows that come meanwhile do not wait longer than this for slow ones, ms. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Handles everything of one kind that is due; what fails is put off and holds up nothing else. Begins nothing once
 * `stop` is aborted: rows that ask to be called again at once would keep it for as long as they do.
 */
export async function sweepOutbox(
  ports: OutboxPorts,
  kind: OutboxKind,
  handler: OutboxHandler,
  stop: AbortSignal,
): Promise<void> {
  const busy = new Set<Promise<void>>();
  const reserveMs = kind === 'webhook' ? RESERVE_WEBHOOK_MS : RESERVE_MS;
  try {
    while (!stop.aborted) {
      const free = AT_ONCE[kind] - busy.size;
      const rows = free === 0 ? [] : await ports.outbox.pick(kind, free, reserveMs);
      for (const row of rows) {
        const handled: Promise<void> = handleRow(ports, row, handler).finally(() => busy.delete(handled));
        busy.add(handled);
      }
      const all = await endWithin(LOOK_AGAIN_MS, busy);
      if (all && rows.length < free) return;
    }
  } finally {
    await Promise.all(busy);
  }
}

/** Whether all of them have ended; after `ms` some have not. */
async function endWithin(ms: number, busy: ReadonlySet<Promise<void>>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([Promise.all(busy).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function handleRow({ outbox, clock, log }: OutboxPorts, row: OutboxRow, handler: OutboxHandler): Promise<void> {
  try {
    const outcome = await handler(row);
    if (outcome === 'done') await outbox.finish(row);
    else await outbox.postpone(row, outcome.again, 0);
  } catch (error) {
    const { kind, tenant, subject, attempt } = row;
    log.error(
      { kind, tenant, subject, attempt, err: error },
      'a row of the outbox could not be handled; it is tried again',
    );
    // When this fails, too, the row is offered again once its reservation has ended.
    await outbox.postpone(row, clock.now() + pauseAfter(attempt), attempt).catch(() => undefined);
  }
}

const pauseAfter = (attempt: number): number => Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.min(attempt - 1, 10));
