import { html, page, pageHeaders } from '../../reference/html.ts';
import { noBody, nothing, route } from '../../http/route.ts';

export const signedOut = route({
  method: 'GET',
  url: '/signed-out',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Login',
  summary: 'Say that the browser is logged out',
  answers: { 200: { description: 'A page.', media: { 'text/html': 'Where the issuer sends people after a logout.' } } },
  handle: () =>
    Promise.resolve({
      status: 200,
      text: page(
        'Logged out',
        html`<main><h1>You are logged out</h1><p><a href="/auth/login">Log in again</a></p></main>`,
      ),
      headers: pageHeaders,
    }),
});
