import { health } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';

/** The process lives. */
export const healthz = route({
  method: 'GET',
  url: '/healthz',
  operation: null,
  // Whoever asks this starts the process anew when it is refused.
  rate: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Health',
  summary: 'Say whether the process lives',
  answers: { 200: { description: 'It lives.', json: health } },
  handle: () => Promise.resolve({ status: 200, json: { status: 'ok' } }),
});
