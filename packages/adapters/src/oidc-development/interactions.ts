import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { pagePolicy, personOf } from './configuration.ts';
import { grantFor } from './grants.ts';
import { errorPage, loginPage } from './pages.ts';
import { people } from './people.ts';

const MOST_BYTES = 10_000;

/** The page on which somebody says who they are, and its form. */
export async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  isDisabled: (person: string) => boolean,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  const clientId = String(details.params['client_id']);
  const accountId = details.session?.accountId;
  if (details.prompt.name !== 'login' && accountId !== undefined) {
    const { jti } = await grantFor(provider, accountId, clientId);
    return provider.interactionFinished(request, response, { consent: { grantId: jti } });
  }
  if (request.method === 'POST') {
    const person = new URLSearchParams(await bodyOf(request)).get('person') ?? '';
    if (personOf(person) === null || isDisabled(person))
      return answer(response, 403, errorPage(`${person} cannot log in.`));
    return provider.interactionFinished(request, response, { login: { accountId: person } });
  }
  const client = await provider.Client.find(clientId);
  return answer(response, 200, loginPage(`/interaction/${details.uid}`, client?.clientName ?? clientId, people));
}

export function answer(response: ServerResponse, status: number, page: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy(),
      'cache-control': 'no-store',
    })
    .end(page);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_BYTES) throw new Error('the form is too large');
  }
  return text;
}
