import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: Key;
  readonly publicKey: Key;
  readonly jwk: JWK;
}

/** An OIDC issuer with nothing but metadata and keys. */
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

export const seconds = (): number => Math.floor(Date.now() / 1_000);

export async function startIssuer(): Promise<TestIssuer> {
  const first = await signingKey('first');
  const keys = [first];
  const asked: string[] = [];
  let url = '';
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    const body =
      request.url === '/keys' ? { keys: keys.map(({ jwk }) => jwk) } : { issuer: url, jwks_uri: `${url}/keys` };
    response.end(JSON.stringify(body));
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
  return {
    url,
    keys,
    asked,
    sign: (claims = {}, header = {}, key = first) =>
      new SignJWT({ ...standard(), ...claims })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })
        .sign(key.privateKey),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
