import type { Effect, JsonObject, RunEvent } from '@holdfast/contracts';

/** One line of the effect ledger: what became of a tool call. Times in ms since 1970. */
export interface LedgerLine {
  readonly call: string;
  readonly tool: string;
  readonly effect: Effect;
  /** The idempotency key that the tool received. */
  readonly key: string;
  readonly status: 'intended' | 'done' | 'failed' | 'unknown' | 'resolved';
  readonly attempts: number;
  readonly arguments: JsonObject;
  readonly since: number;
  readonly settledAt: number | null;
  readonly resolution: { readonly how: string; readonly by: string; readonly note: string | null } | null;
}

/** Events that the ledger is folded from. */
export const ledgerEvents: ReadonlySet<RunEvent['type']> = new Set([
  'model.answered',
  'approval.changed',
  'tool.called',
  'tool.returned',
  'tool.failed',
  'tool.unknown',
  'tool.changed',
  'tool.resolved',
  'run.forked',
]);

/** The ledger of one run, folded event by event in the order of the log. */
export class Ledger {
  readonly #lines = new Map<string, LedgerLine>();
  /** Arguments of calls by their id. */
  readonly #asked = new Map<string, JsonObject>();

  /** In the order in which the calls began. */
  get lines(): readonly LedgerLine[] {
    return [...this.#lines.values()];
  }

  /** Folds one more event; those that are about no tool call change nothing. */
  keep(event: RunEvent): void {
    switch (event.type) {
      case 'model.answered':
        event.data.tool_calls.forEach((call, index) => this.#asked.set(`${event.seq}.${index}`, call.arguments));
        return;
      case 'approval.changed':
        this.#asked.set(event.data.call, event.data.arguments);
        return;
      case 'tool.called':
        return this.#called(event);
      case 'tool.returned':
        return this.#change(event.data.call, { status: event.data.is_error ? 'failed' : 'done', settledAt: event.at });
      case 'tool.failed':
      case 'tool.changed':
        return this.#change(event.data.call, { status: 'failed', settledAt: event.at });
      case 'tool.unknown':
        return this.#change(event.data.call, { status: 'unknown', settledAt: null });
      case 'tool.resolved': {
        const { call, how, by, note } = event.data;
        const resolution = { how, by: by.id, note: note ?? null };
        // A retry settles nothing: the next attempt will.
        if (how === 'retry') return this.#change(call, { status: 'intended', settledAt: null, resolution });
        return this.#change(call, { status: 'resolved', settledAt: event.at, resolution });
      }
      case 'run.forked':
        // What had not ended begins anew in the fork, under another key.
        for (const { call, settledAt } of this.lines) if (settledAt === null) this.#lines.delete(call);
        return;
      default:
    }
  }

  #called({ at, data }: Extract<RunEvent, { type: 'tool.called' }>): void {
    const { call, attempt, name, effect, key } = data;
    const before = this.#lines.get(call);
    this.#lines.set(call, {
      call,
      tool: name,
      effect,
      key,
      status: 'intended',
      attempts: attempt,
      arguments: this.#asked.get(call) ?? {},
      since: before?.since ?? at,
      settledAt: null,
      resolution: before?.resolution ?? null,
    });
  }

  #change(call: string, with_: Partial<LedgerLine>): void {
    const line = this.#lines.get(call);
    if (line !== undefined) this.#lines.set(call, { ...line, ...with_ });
  }
}
