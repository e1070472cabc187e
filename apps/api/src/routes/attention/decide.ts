import { attentionRef, decideBody } from '@holdfast/contracts';
import { decideAttention } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';

export const decide = route({
  method: 'POST',
  url: '/v1/runs/:run/attention/:ref',
  operation: 'attention.decide',
  params: runParams.extend({ ref: attentionRef }),
  query: nothing,
  body: decideBody,
  handle: (ports, ask) => {
    const { caller, params, body } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    return say(ports, ask, ref, decideAttention(caller, params.ref, body), ({ seq }) => ({
      status: 200,
      json: { run_id: ref.run, ref: params.ref, decision: body.decision, seq },
    }));
  },
});
