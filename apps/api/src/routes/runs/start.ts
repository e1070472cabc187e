import { runResource, startRunBody } from '@holdfast/contracts';
import { filePart, joinThread, newRunId, startRun, takeUploads, wantedUploads } from '@holdfast/core';
import { z } from 'zod';
import { preferredWait, preferWait, viewAfter } from '../../http/prefer-wait.ts';
import { type Answer, type Ask, nothing, route } from '../../http/route.ts';
import type { ApiPorts } from '../../ports.ts';
import { runResource as resource } from '../../resources/run.ts';
import { limitsOf } from './limits-of.ts';

/** 201 means accepted: the run is durable and starts as soon as there is a worker and room. */
export const start = route({
  method: 'POST',
  url: '/v1/runs',
  operation: 'runs.start',
  content: true,
  rate: 'start',
  params: nothing,
  query: nothing,
  body: startRunBody,
  idempotent: true,
  tag: 'Runs',
  summary: 'Start a run',
  description: 'Accepted means durable: the run starts as soon as there is a worker and room.',
  answers: { 201: { description: 'The new run.', json: runResource } },
  refusals: [
    'agent_not_found',
    'version_not_found',
    'alias_not_found',
    'limit_not_lower',
    'thread_not_found',
    'thread_busy',
    'run_busy',
    'upload_not_found',
    'upload_incomplete',
  ],
  headers: { Prefer: preferWait },
  handle: async (ports, { caller, body, once, request, reply }) => {
    const ref = { tenant: caller.tenant, run: newRunId() };
    const answer = await once(
      async () => {
        const uploads = await wantedUploads(ports.uploads, caller, body.files);
        const asked = {
          ...body,
          files: uploads.map(filePart),
          limits: limitsOf(body.limits),
          startAt: body.start_at === undefined ? undefined : Date.parse(body.start_at),
          expiresIn: body.expires_in,
          concurrencyKey: body.concurrency_key,
        };
        const prepared = await startRun(ports, caller, asked, ref.run);
        await takeUploads(ports.artifacts, ref, uploads);
        return prepared;
      },
      async (stores, { run: started, created }) => {
        const run = await joinThread(ports, stores, caller, started, body.on_busy);
        await stores.directory.create(run);
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
          limits: null,
          usage: { tokens: 0, costUsdMicros: 0 },
          createdAt: at,
          updatedAt: at,
        };
        if (created.type !== 'run.created') throw new Error(`a run begins with ${created.type}`);
        return {
          status: 201,
          json: resource({
            summary: row,
            created,
            forked: null,
            limits: created.data.limits,
            capacityProblem: null,
            whyWaits: null,
            end: null,
          }),
          about: run.run,
        };
      },
      body.files.length === 0 ? undefined : () => ports.artifacts.removeRun(ref),
    );
    const wait = preferredWait(request);
    return wait === null ? answer : ended(ports, { caller, reply }, answer, wait);
  },
});

/** The same answer with the run as it stands when it has ended, or when the wait is over; of a repetition, too. */
async function ended(
  ports: ApiPorts,
  { caller, reply }: Pick<Ask<unknown, unknown, unknown>, 'caller' | 'reply'>,
  answer: Answer,
  wait: number,
): Promise<Answer> {
  if (answer === 'taken' || !('text' in answer || 'json' in answer)) return answer;
  const { id } = started.parse('text' in answer ? JSON.parse(answer.text) : answer.json);
  const view = await viewAfter(ports, reply, { tenant: caller.tenant, run: id }, wait);
  const headers = { ...answer.headers, 'preference-applied': `wait=${wait}` };
  return { status: answer.status, json: resource(view), headers };
}

const started = z.object({ id: z.string() });
