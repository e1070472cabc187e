import { threadResource } from '@holdfast/contracts';
import { noThread } from '@holdfast/core';
import { noBody, nothing, route, threadParams } from '../../http/route.ts';
import { threadResource as resource } from '../../resources/thread.ts';

export const get = route({
  method: 'GET',
  url: '/v1/threads/:thread',
  operation: 'threads.get',
  params: threadParams,
  query: nothing,
  body: noBody,
  tag: 'Threads',
  summary: 'Read a thread',
  description: 'Its runs are listed by `GET /v1/runs?thread=…`.',
  answers: { 200: { description: 'The thread.', json: threadResource } },
  refusals: ['thread_not_found'],
  handle: async ({ threads }, { caller, params }) => {
    const thread = await threads.get(caller, params.thread);
    if (thread === null) throw noThread(params.thread);
    return { status: 200, json: resource(thread) };
  },
});
