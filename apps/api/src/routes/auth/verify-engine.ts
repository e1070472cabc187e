import { noBody, nothing, platformRoute } from '../../http/route.ts';

/** For an edge that publishes the engine's own pages: these show all tenants, and know nobody. */
export const verifyEngine = platformRoute({
  method: 'GET',
  url: '/auth/verify/engine',
  operation: 'engine.read',
  // Asked once for each file of a page: only refusals are counted.
  rate: null,
  params: nothing,
  query: nothing,
  body: noBody,
  page: true,
  watched: true,
  tag: 'Login',
  summary: "Say whether the bearer may see the engine's own pages",
  description:
    'For the edge (`forwardAuth`), before it passes a request on to pages of Temporal. A browser without a login is sent to log in, and comes back to the path that a trusted proxy names in `X-Forwarded-Uri`.',
  answers: { 204: { description: 'They may.' }, 302: { description: 'To the login, for a browser that has none.' } },
  handle: () => Promise.resolve({ status: 204 }),
});
