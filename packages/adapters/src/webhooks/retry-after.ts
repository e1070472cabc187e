/** A receiver cannot put an event off for longer. */
const LONGEST_MS = 24 * 3_600_000;

/** ms from `now` (ms since 1970), as the header `Retry-After` asks: seconds, or a date. null: it asks for nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_MS);
}
