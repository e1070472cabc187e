import { runResource, startRunBody } from '@holdfast/contracts';
import { startRun } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';
import { limitsOf } from './limits-of.ts';

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
        return { status: 201, json: resource({ summary: row, created, forked: null, end: null }) };
      },
    ),
});
