import { Holdfast } from '@holdfast/sdk';

const { OIDC_ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', CLIENT_SCOPE = '' } = process.env;
const metadata = await fetch(`${OIDC_ISSUER}/.well-known/openid-configuration`);
const { token_endpoint: endpoint } = (await metadata.json()) as { token_endpoint: string };

let token = '';
let goodUntil = 0;
async function freshToken(): Promise<string> {
  if (Date.now() < goodUntil) return token;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: CLIENT_SCOPE }),
  });
  if (!answer.ok) throw new Error(`The issuer answered ${answer.status}`);
  const given = (await answer.json()) as { access_token: string; expires_in: number };
  token = given.access_token;
  goodUntil = Date.now() + (given.expires_in * 1_000 * 3) / 4;
  return token;
}

const holdfast = new Holdfast({ url: process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070', key: freshToken });
const { by } = await holdfast.server.me();
console.log(`a ${by.type} with the roles ${by.roles.join(' ')}`);
