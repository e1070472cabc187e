import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: Key;
  readonly publicKey: Key;
  readonly jwk: JWK;
}

/** An OIDC issuer with nothing but metadata, keys, and a token for programs, whatever they say. */
export interface TestIssuer {
  readonly url: string;
  readonly keys: SigningKey[];
  /** Paths that were asked for. */
  readonly asked: string[];
  sign(claims?: Readonly<Record<string, unknown>>, header?: Record<string, unknown>, key?: SigningKey): Promise<string>;
  close(): Promise<void>;
}

export async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const signed = (
  { kid, privateKey }: SigningKey,
  claims: JWTPayload,
  header: Record<string, unknown> = {},
): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header }).sign(privateKey);

/** Claims of a platform admin, who is in no tenant. */
export const platformAdmin = {
  sub: 'root',
  organization: {},
  realm_access: { roles: ['platform-admin'] },
} as const;

export const seconds = (): number => Math.floor(Date.now() / 1_000);

/** `program`: what the token of a program says. */
export async function startIssuer(program: Readonly<Record<string, unknown>> = {}): Promise<TestIssuer> {
  const first = await signingKey('first');
  const keys = [first];
  const asked: string[] = [];
  let url = '';
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    const answer = (body: object): void => void response.end(JSON.stringify(body));
    if (request.url === '/keys') answer({ keys: keys.map(({ jwk }) => jwk) });
    else if (request.url === '/protocol/openid-connect/token')
      void sign(program).then((token) => answer({ access_token: token }));
    else answer({ issuer: url, jwks_uri: `${url}/keys` });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
  const standard = (): JWTPayload => ({
    iss: url,
    aud: 'holdfast',
    sub: 'alice',
    typ: 'Bearer',
    iat: seconds(),
    exp: seconds() + 300,
    organization: { acme: { id: 'org-acme', resource_access: { holdfast: { roles: ['builder'] } } } },
  });
  const sign: TestIssuer['sign'] = (claims = {}, header = {}, key = first) =>
    signed(key, { ...standard(), ...claims }, header);
  return {
    url,
    keys,
    asked,
    sign,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
