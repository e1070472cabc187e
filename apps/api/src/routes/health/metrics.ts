import { noBody, nothing, route } from '../../http/route.ts';

/** Prometheus text. No tenant's names are in it. */
export const metrics = route({
  method: 'GET',
  url: '/metrics',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Health',
  summary: 'Numbers of this process',
  answers: { 200: { description: 'Metrics.', media: { 'text/plain': 'Prometheus text.' } } },
  handle: async (ports) => ({
    status: 200,
    text: await ports.metrics.text(),
    headers: { 'content-type': ports.metrics.contentType },
  }),
});
