import type { ExecutorMetrics } from '@holdfast/core';
import { register } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

describe('the metrics', () => {
  it('count what they are told, under our prefix', async () => {
    const metrics = createMetrics();
    const executor: ExecutorMetrics = metrics.executor;
    executor.modelCalled('answered');
    executor.toolCalled('no-answer', 'once');
    metrics.worker.runsHeld(() => 2);
    metrics.worker.runsDue(() => Promise.resolve({ waiting: 3, ready: 2, stuck: 1 }));
    metrics.engine.reachable(true);
    metrics.engine.began(0.3);
    metrics.engine.unheard();
    expect(await metrics.text()).not.toContain('redis');
    metrics.redis.reachable(true);
    metrics.redis.deltaLost();
    executor.taken('claim');
    executor.taken('claim');
    executor.taken('take-over');
    executor.appended('accepted', 0.004);
    executor.appended('refused', 0.004);
    metrics.http.answered('GET', '/v1/runs/:id', 200, 0.01);
    metrics.limits.refused('tenant.read');
    metrics.limits.uncounted('auth');
    metrics.http.streamOpened();
    metrics.http.streamOpened();
    metrics.http.streamClosed();
    const lines = (await metrics.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'holdfast_model_calls_total{outcome="answered"} 1',
        'holdfast_tool_calls_total{outcome="no-answer",effect="once"} 1',
        'holdfast_rate_limited_total{limit="tenant.read"} 1',
        'holdfast_rate_limiter_unavailable_total{class="auth"} 1',
        'holdfast_runs_held 2',
        'holdfast_runs_due{state="waiting"} 3',
        'holdfast_runs_due{state="stuck"} 1',
        'holdfast_engine_reachable 1',
        'holdfast_engine_schedule_to_start_seconds_bucket{le="0.5"} 1',
        'holdfast_engine_unheard_total 1',
        'holdfast_redis_reachable 1',
        'holdfast_deltas_lost_total 1',
        'holdfast_runs_claimed_total 2',
        'holdfast_runs_taken_over_total 1',
        'holdfast_appends_total{outcome="accepted"} 1',
        'holdfast_appends_total{outcome="refused"} 1',
        'holdfast_append_seconds_bucket{le="0.002"} 0',
        'holdfast_append_seconds_bucket{le="0.005"} 2',
        'holdfast_http_request_seconds_count{method="GET",route="/v1/runs/:id",status="200"} 1',
        'holdfast_sse_streams 1',
      ]),
    );
    const names = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
    expect(names).toHaveLength(17);
    expect(names.every((name) => name?.startsWith('holdfast_'))).toBe(true);
  });

  it('belong to one process part: two do not meet, and nothing is global', async () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.worker.runsHeld(() => 1);
    expect(await two.text()).toContain('holdfast_runs_held 0');
    expect(register.getMetricsAsArray()).toEqual([]);
    expect(one.contentType).toContain('text/plain');
  });
});
