import { webhookReplay, webhookReplayBody } from '@holdfast/contracts';
import { noWebhook, refused } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { webhookParams, webhookNow } from './webhook-route.ts';

/** In one transaction: more would keep others waiting. */
const MOST_RUNS = 10_000;

export const replay = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/replay',
  operation: 'webhooks.replay',
  params: webhookParams,
  query: nothing,
  body: webhookReplayBody,
  idempotent: true,
  tag: 'Webhooks',
  summary: 'Send events again',
  description:
    'Of one run, or what happened since a time; with the same `webhook-id`s, in the order of each run, and retried as at first. It is about events of the types that the webhook wants now.',
  answers: { 202: { description: 'They will be sent.', json: webhookReplay } },
  refusals: ['webhook_not_found', 'run_not_found', 'replay_too_large'],
  resource: webhookNow,
  audit: ({ body: { run = null, since = null }, answer }) => ({
    detail: { run, since, runs: webhookReplay.parse(answer.json).runs },
  }),
  handle: (_ports, { caller, params: { webhook: id }, body, once }) =>
    once(
      () => Promise.resolve(),
      async ({ webhooks, directory }) => {
        if ((await webhooks.get(caller, id)) === null) throw noWebhook(id);
        const { run, since } = body;
        if (run !== undefined && (await directory.get({ tenant: caller.tenant, run })) === null)
          throw refused('run_not_found', `There is no run ${run}.`);
        const what = run === undefined ? { since: Date.parse(since ?? '') } : { run };
        const runs = await webhooks.rewind(caller, id, what, MOST_RUNS);
        if (runs === null)
          throw refused('replay_too_large', `More than ${MOST_RUNS} runs have had events since ${since}.`);
        return { status: 202, json: { runs } };
      },
    ),
});
