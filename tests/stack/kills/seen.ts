/** What was asked for. */
export const kinds = ['start', 'stream', 'read', 'login', 'file'] as const;
export type Kind = (typeof kinds)[number];

/** A span of time, ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What users saw, and when. */
export class Seen {
  readonly #answers: { readonly at: number; readonly kind: Kind; readonly status: number | null }[] = [];
  readonly #accepted: number[] = [];
  readonly #progress: number[] = [];
  readonly #asked: number[] = [];

  /** null: nobody answered. */
  answer(kind: Kind, status: number | null): void {
    this.#answers.push({ at: Date.now(), kind, status });
  }

  accepted(): void {
    this.#accepted.push(Date.now());
  }

  /** What a worker did has reached whoever follows its run. */
  progress(): void {
    this.#progress.push(Date.now());
  }

  /** A person was asked what became of a call. */
  asked(): void {
    this.#asked.push(Date.now());
  }

  acceptedIn(span: Span): number {
    return this.#accepted.filter(within(span)).length;
  }

  askedIn(span: Span): number {
    return this.#asked.filter(within(span)).length;
  }

  pauseOfStarts = (span: Span): number => longestPause(this.#accepted, span);
  pauseOfProgress = (span: Span): number => longestPause(this.#progress, span);

  /** How often which status was the answer; `none`: nobody answered. */
  statuses(kind: Kind, { from, to }: Span): ReadonlyMap<string, number> {
    const counted = new Map<string, number>();
    for (const { at, kind: of, status } of this.#answers) {
      if (of !== kind || at < from || at > to) continue;
      const name = status === null ? 'none' : String(status);
      counted.set(name, (counted.get(name) ?? 0) + 1);
    }
    return counted;
  }

  /** Whether such a request was answered as it should be, after this moment. */
  wellSince(kind: Kind, moment: number): boolean {
    return this.#answers.some(
      ({ at, kind: of, status }) => of === kind && at > moment && status !== null && status < 300,
    );
  }
}

const within =
  ({ from, to }: Span) =>
  (at: number): boolean =>
    at >= from && at <= to;

/** ms between two neighbours of which at least one lies in the span. */
function longestPause(moments: readonly number[], { from, to }: Span): number {
  const before = moments.findLast((at) => at < from) ?? from;
  const inside = [before, ...moments.filter(within({ from, to })), moments.find((at) => at > to) ?? to];
  return Math.max(...inside.slice(1).map((at, index) => at - (inside[index] ?? at)));
}
