import { messageReceipt, sendMessageBody, text } from '@holdfast/contracts';
import { newMessage, sendMessage } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { say } from '../../http/say.ts';
import { iso } from '../../resources/time.ts';

/** 202: the message is durable, and will be delivered by its mode. */
export const send = route({
  method: 'POST',
  url: '/v1/runs/:run/messages',
  operation: 'runs.send-message',
  content: true,
  params: runParams,
  query: nothing,
  body: sendMessageBody,
  idempotent: true,
  tag: 'Runs',
  summary: 'Say something to a run',
  description:
    '`steer`: before the next model call. `queue`: after this turn. `interrupt`: at once, cancelling the model call under way.',
  answers: { 202: { description: 'The message is durable, and will be delivered by its mode.', json: messageReceipt } },
  refusals: ['run_not_found', 'run_ended', 'run_stopping', 'run_busy'],
  handle: (ports, ask) => {
    const { caller, params, body } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    const message = newMessage(typeof body.content === 'string' ? text(body.content) : body.content, body.mode);
    const { id, mode } = message;
    return say(ports, ask, ref, sendMessage(caller, message), ({ seq, at }) => ({
      status: 202,
      json: { id, run_id: ref.run, mode, seq, received_at: iso(at) },
    }));
  },
});
