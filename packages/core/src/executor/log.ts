/** Structured log lines; the wiring hands in pino. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Counted by the wiring; names have low cardinality. */
export interface ExecutorMetrics {
  modelCalled(outcome: string): void;
  toolCalled(outcome: string, effect: string): void;
  /** From asking for an append to its outcome, s. */
  appended(outcome: string, seconds: number): void;
  taken(how: 'claim' | 'take-over'): void;
}
