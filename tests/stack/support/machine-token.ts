import { z } from 'zod';

const granted = z.object({ access_token: z.string() });

/** An access token of the realm's sample machine, from Keycloak behind the edge. @throws Error with what it says. */
export async function machineToken(edge: string): Promise<string> {
  const answer = await askForToken(edge);
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status}: ${await answer.text()}`);
  return granted.parse(await answer.json()).access_token;
}

export const askForToken = (edge: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${edge}/realms/holdfast/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('holdfast-machine:dev-only-machine-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'organization:acme' }),
    ...(signal === undefined ? {} : { signal }),
  });
