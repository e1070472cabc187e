/** An event as the database keeps it. No SQL looks inside `payload`. */
export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  readonly format: number;
  /** ms since 1970 */
  readonly at: number;
  /** The model or tool call it belongs to. */
  readonly call: string | null;
  /** What a call of that model counts for, which ends with this event; null in all others. */
  readonly model: string | null;
  readonly tokens: number | null;
  readonly costUsdMicros: number | null;
  /** The append that wrote it; kept with the first event of each append only. */
  readonly appendId: string | null;
  /** JSON text, at most 64 KiB. */
  readonly payload: string;
}
