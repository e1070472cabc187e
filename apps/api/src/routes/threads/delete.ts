import { deleteThread } from '@holdfast/core';
import { noBody, nothing, route, threadParams } from '../../http/route.ts';
import { threadResource } from '../../resources/thread.ts';

export const remove = route({
  method: 'DELETE',
  url: '/v1/threads/:thread',
  operation: 'threads.delete',
  params: threadParams,
  query: nothing,
  body: noBody,
  tag: 'Threads',
  summary: 'Delete a thread',
  description:
    'Deletes a thread with its runs and all that they have started, for good. All must have ended. What they have used still counts, and the audit log says who deleted it.',
  answers: { 204: { description: 'It is gone; files of its runs follow within seconds.' } },
  refusals: ['thread_not_found', 'thread_busy'],
  resource: async ({ threads }, caller, { thread }) => {
    const found = await threads.get(caller, thread);
    return found && threadResource(found);
  },
  audit: ({ changed }) => ({ detail: changed }),
  handle: (_ports, { caller, params: { thread }, change }) =>
    change(async ({ threads }) => ({
      status: 204,
      changed: { deleted: await deleteThread(threads, caller, thread) },
    })),
});
