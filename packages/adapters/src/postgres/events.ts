import type { StoredEvent } from '@holdfast/core';

export interface EventRow {
  readonly seq: number;
  readonly type: string;
  readonly format: number;
  readonly at: number;
  readonly call_id: string | null;
  readonly model: string | null;
  readonly tokens: number | null;
  readonly cost_usd_micros: number | null;
  readonly append_id: string | null;
  readonly payload: string;
}

export const eventColumns = 'seq, type, format, at, call_id, model, tokens, cost_usd_micros, append_id, payload';

export const eventOf = (row: EventRow): StoredEvent => ({
  seq: row.seq,
  type: row.type,
  format: row.format,
  at: row.at,
  call: row.call_id,
  model: row.model,
  tokens: row.tokens,
  costUsdMicros: row.cost_usd_micros,
  appendId: row.append_id,
  payload: row.payload,
});
