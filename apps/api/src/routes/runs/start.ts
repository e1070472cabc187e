import { runResource, startRunBody } from '@holdfast/contracts';
import type { Limits } from '@holdfast/contracts';
import { startRun } from '@holdfast/core';
import type { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';

/** 201 means accepted: the run is durable and starts as soon as there is a worker and room. */
export const start = route({
  method: 'POST',
  url: '/v1/runs',
  operation: 'runs.start',
  params: nothing,
  query: nothing,
  body: startRunBody,
  idempotent: true,
  tag: 'Runs',
  summary: 'Start a run',
  description: 'Accepted means durable: the run starts as soon as there is a worker and room.',
  answers: { 201: { description: 'The new run.', json: runResource } },
  refusals: ['agent_not_found', 'version_not_found', 'alias_not_found', 'limit_not_lower'],
  handle: (ports, { caller, body, once }) =>
    once(
      () => startRun(ports, caller, { ...body, limits: limitsOf(body.limits), concurrencyKey: body.concurrency_key }),
      async ({ directory }, { run, created }) => {
        await directory.create(run);
        const { at, seq } = created;
        const { agent, version, projection, attributes, metadata } = run;
        const { status, waitingFor } = projection;
        const row = {
          run: run.run,
          agent,
          version,
          status,
          waitingFor,
          head: seq,
          attributes,
          metadata,
          usage: { tokens: 0, costUsdMicros: 0 },
          createdAt: at,
          updatedAt: at,
        };
        if (created.type !== 'run.created') throw new Error(`a run begins with ${created.type}`);
        return { status: 201, json: resource({ summary: row, created, end: null }) };
      },
    ),
});

function limitsOf(wanted: z.output<typeof startRunBody>['limits']): Partial<Limits> | undefined {
  if (wanted === undefined) return undefined;
  const { steps, tokens, cost_usd, active_time, deadline } = wanted;
  return {
    ...(steps === undefined ? {} : { steps }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost_usd === undefined ? {} : { cost_usd_micros: Math.max(1, Math.round(cost_usd * 1_000_000)) }),
    ...(active_time === undefined ? {} : { active_ms: active_time }),
    ...(deadline === undefined ? {} : { deadline_ms: deadline }),
  };
}
