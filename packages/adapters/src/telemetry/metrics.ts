import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets in seconds, from a quick append to a long model call. */
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

/** Runs that are due now, counted to 10,000. */
export interface QueueDepth {
  readonly waiting: number;
  readonly ready: number;
  readonly stuck: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The numbers of one process, in a registry of its own, as plain functions to hand to what counts.
 * Labels come from closed lists: no tenant, run, tool or address is ever one.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `holdfast_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `holdfast_${name}`, help, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: L[] = []) =>
    new Histogram({ name: `holdfast_${name}`, help, buckets, labelNames, registers });

  let queueDepth = (): Promise<QueueDepth | null> => Promise.resolve(null);
  let held = (): number => 0;
  new Gauge({
    name: 'holdfast_runs_held',
    help: 'Runs this worker holds now.',
    registers,
    collect() {
      this.set(held());
    },
  });
  const claimed = counter('runs_claimed_total', 'Runs this worker claimed.');
  const takenOver = counter('runs_taken_over_total', 'Runs this worker took over from a dead one.');
  const appends = counter('appends_total', 'Appends to run logs, by outcome.', ['outcome']);
  const appendSeconds = histogram('append_seconds', 'From asking for an append to its outcome.', SECONDS);
  const modelCalls = counter('model_calls_total', 'Model calls, by outcome.', ['outcome']);
  const toolCalls = counter('tool_calls_total', 'Tool calls, by outcome and effect.', ['outcome', 'effect']);
  const http = histogram('http_request_seconds', 'HTTP requests, by method, route pattern and status.', SECONDS, [
    'method',
    'route',
    'status',
  ]);
  const limited = counter('rate_limited_total', 'Requests refused with 429, by limit.', ['limit']);
  const uncounted = counter('rate_limiter_unavailable_total', 'Requests that could not be counted, by class.', [
    'class',
  ]);
  const sse = gauge('sse_streams', 'Event streams open now.');

  const due = new Gauge({
    name: 'holdfast_runs_due',
    help: 'Runs that are due, by state: waiting for a slot, ready to be begun, stuck (ready for a minute).',
    labelNames: ['state'],
    registers,
    async collect() {
      const depth = await queueDepth();
      if (depth === null) return;
      for (const state of ['waiting', 'ready', 'stuck'] as const) due.set({ state }, depth[state]);
    },
  });
  const reachable = gauge('engine_reachable', 'Whether Temporal can be reached: 1 or 0. Only where it carries runs.');
  const scheduleToStart = histogram(
    'engine_schedule_to_start_seconds',
    'From the time at which Temporal had a run’s work to its begin in this worker.',
    SECONDS,
  );
  // Only where one is configured: a 0 of those without would look like an outage.
  let redisReachable: Gauge | null = null;
  const deltasLost = counter('deltas_lost_total', 'Pieces of words of models that other processes did not get.');
  const unheard = counter('engine_unheard_total', 'Runs handed to Temporal that no worker had begun 10 s later.');

  return {
    /** What Prometheus reads, and the media type it is sent with. */
    text: (): Promise<string> => registry.metrics(),
    contentType: registry.contentType,

    executor: {
      modelCalled: (outcome: string): void => modelCalls.inc({ outcome }),
      toolCalled: (outcome: string, effect: string): void => toolCalls.inc({ outcome, effect }),
      appended: (outcome: string, seconds: number): void => {
        appends.inc({ outcome });
        appendSeconds.observe(seconds);
      },
      taken: (how: 'claim' | 'take-over'): void => (how === 'claim' ? claimed : takenOver).inc(),
    },
    engine: {
      reachable: (up: boolean): void => reachable.set(up ? 1 : 0),
      began: (seconds: number): void => scheduleToStart.observe(seconds),
      unheard: (): void => unheard.inc(),
    },
    redis: {
      reachable: (up: boolean): void => {
        redisReachable ??= gauge('redis_reachable', 'Whether REDIS_URL can be used: 1 or 0. Only where it names one.');
        redisReachable.set(up ? 1 : 0);
      },
      deltaLost: (): void => deltasLost.inc(),
    },
    worker: {
      /** Asked at each scrape; null = it is not known now. */
      runsDue: (depth: () => Promise<QueueDepth | null>): void => {
        queueDepth = depth;
      },
      /** Asked at each scrape. */
      runsHeld: (count: () => number): void => {
        held = count;
      },
    },
    limits: {
      refused: (limit: string): void => limited.inc({ limit }),
      uncounted: (rateClass: string): void => uncounted.inc({ class: rateClass }),
    },
    http: {
      /** @param route the pattern (`/v1/runs/:id`), never the address itself */
      answered: (method: string, route: string, status: number, seconds: number): void =>
        http.observe({ method, route, status: String(status) }, seconds),
      streamOpened: (): void => sse.inc(),
      streamClosed: (): void => sse.dec(),
    },
  };
}
