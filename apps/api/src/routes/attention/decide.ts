import { attentionRef, decideBody, decisionReceipt } from '@holdfast/contracts';
import { decideAttention } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';
import { runAsItIs } from '../runs/run-now.ts';

export const decide = route({
  method: 'POST',
  url: '/v1/runs/:run/attention/:ref',
  operation: 'attention.decide',
  content: true,
  params: runParams.extend({ ref: attentionRef }),
  query: nothing,
  body: decideBody,
  idempotent: true,
  resource: runAsItIs,
  // An answer and a result are payloads; why somebody decided belongs here, too.
  audit: ({ body, answer }) => ({
    detail: {
      decision: body.decision,
      // The event in the log of the run, with all of it.
      seq: decisionReceipt.parse(answer.json).seq,
      ...('reason' in body && body.reason !== undefined ? { reason: body.reason } : {}),
      ...('note' in body && body.note !== undefined ? { reason: body.note } : {}),
      ...('hash' in body && body.hash !== undefined ? { hash: body.hash } : {}),
    },
  }),
  tag: 'Attention',
  summary: 'Decide',
  description: 'Which decisions fit depends on the kind of the attention.',
  answers: { 200: { description: 'What was recorded.', json: decisionReceipt } },
  refusals: [
    'run_not_found',
    'run_ended',
    'run_stopping',
    'run_busy',
    'attention_not_found',
    'approval_not_open',
    'approval_hash_mismatch',
    'approval_role_required',
    'approval_four_eyes',
    'approval_already_given',
    'arguments_invalid',
    'question_not_open',
    'answer_invalid',
    'effect_not_unknown',
    'retry_too_early',
    'call_not_open',
    'duplicate_not_open',
    'nothing_to_reuse',
    'limit_not_higher',
  ],
  handle: (ports, ask) => {
    const { caller, params, body } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    return say(ports, ask, ref, decideAttention(caller, params.ref, body), ({ seq }) => ({
      status: 200,
      json: { run_id: ref.run, ref: params.ref, decision: body.decision, seq },
    }));
  },
});
