import { effectPage, type EffectResource } from '@holdfast/contracts';
import { type LedgerLine, listEffects } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { iso, isoOrNull } from '../../resources/time.ts';

export const effects = route({
  method: 'GET',
  url: '/v1/runs/:run/effects',
  operation: 'runs.effects',
  params: runParams,
  query: nothing,
  body: noBody,
  tag: 'Runs',
  summary: "Read a run's effects",
  description: 'The ledger of its tool calls, in the order in which they began, folded from its log.',
  answers: { 200: { description: 'All tool calls that have begun.', json: effectPage } },
  refusals: ['run_not_found'],
  handle: async (ports, { caller, params: { run } }) => {
    const lines = await listEffects(ports, { tenant: caller.tenant, run });
    return { status: 200, json: { items: lines.map(effectResource) } };
  },
});

const effectResource = ({ since, settledAt, ...line }: LedgerLine): EffectResource => ({
  ...line,
  since: iso(since),
  settled_at: isoOrNull(settledAt),
});
