import { createThreadBody, threadResource } from '@holdfast/contracts';
import { newThread } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { threadResource as resource } from '../../resources/thread.ts';

export const create = route({
  method: 'POST',
  url: '/v1/threads',
  operation: 'threads.create',
  params: nothing,
  query: nothing,
  body: createThreadBody.optional(),
  idempotent: true,
  tag: 'Threads',
  summary: 'Make a thread',
  description: 'Runs that are started in it go one after another, and each sees what was said in those before it.',
  answers: { 201: { description: 'The new thread.', json: threadResource } },
  refusals: [],
  handle: (ports, { caller, body, once }) =>
    once(
      () => Promise.resolve(newThread(ports.clock.now(), body?.metadata ?? {})),
      async ({ threads }, thread) => {
        await threads.create(caller, thread);
        return { status: 201, json: resource(thread), about: thread.id };
      },
    ),
});
