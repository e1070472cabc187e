import type { TemporalToken } from './temporal-settings.ts';

const CALL_MS = 5_000;
/** Where the issuer does not say how long it is good for. */
const LIFE_SECONDS = 60;
/** A timer of more than 24.8 days would be due at once. */
const LONGEST_MS = 86_400_000;

export interface AccessToken {
  readonly text: string;
  /** When to get another one, ms from now: well before its end. */
  readonly renewInMs: number;
}

/** By client credentials. @throws Error that says where it was asked for, and never what for. */
export async function accessToken({ url, clientId, clientSecret }: TemporalToken): Promise<AccessToken> {
  let answer;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_MS),
    });
  } catch (error) {
    throw new Error(`no token for Temporal: ${url} does not answer: is TEMPORAL_TOKEN_URL right?`, { cause: error });
  }
  const granted = answer.ok ? grantedBy(await answer.json().catch(() => null)) : null;
  if (granted === null)
    throw new Error(
      `no token for Temporal: ${url} answered ${answer.status}: are TEMPORAL_TOKEN_CLIENT_ID (${clientId}) and its secret right?`,
    );
  return granted;
}

/** null = it holds no token. */
function grantedBy(body: unknown): AccessToken | null {
  if (typeof body !== 'object' || body === null || !('access_token' in body)) return null;
  const { access_token: text } = body;
  if (typeof text !== 'string' || text === '') return null;
  const seconds = 'expires_in' in body ? Number(body.expires_in) : LIFE_SECONDS;
  return { text, renewInMs: Math.min((seconds > 0 ? seconds : LIFE_SECONDS) * 750, LONGEST_MS) };
}

/** RFC 6749, 2.3.1: as in a form. */
const encode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);
