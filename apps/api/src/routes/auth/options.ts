import { loginOptions } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';

export const options = route({
  method: 'GET',
  url: '/v1/login-options',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Login',
  summary: 'Say how people log in here',
  description: 'For programs that have no key yet, such as `holdfast login`.',
  answers: { 200: { description: 'The issuer, and what it is asked for.', json: loginOptions } },
  handle: ({ loginOptions: known }) => Promise.resolve({ status: 200, json: known }),
});
