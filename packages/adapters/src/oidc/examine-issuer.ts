import { type Finding, IssuerUnavailable } from '@holdfast/core';
import { Issuer, type IssuerAddress } from './issuer.ts';
import { keySet } from './issuer-keys.ts';

/** Whether tokens of the issuer can be verified from here; what to do when they cannot. */
export async function* examineIssuer(address: IssuerAddress): AsyncGenerator<Finding, void, undefined> {
  const check = 'issuer';
  const issuer = new Issuer(address);
  const way = issuer.inside(address.issuer);
  try {
    const { jwks_uri } = await issuer.metadata();
    const read = keySet.safeParse(await issuer.get(jwks_uri));
    const usable = (read.data?.keys ?? []).filter(
      ({ kty, use, kid }) => ['RSA', 'EC', 'OKP'].includes(kty) && use !== 'enc' && typeof kid === 'string',
    );
    if (usable.length === 0) {
      const detail = `${jwks_uri} has no key with a kid that signs with RSA, EC or Ed25519: no token can be verified.`;
      yield { check, level: 'fail', detail };
      return;
    }
    yield { check, level: 'ok', detail: `${address.issuer} answers at ${way.origin}, ${usable.length} keys` };
  } catch (error) {
    if (!(error instanceof IssuerUnavailable)) throw error;
    yield { check, level: 'fail', detail: explained(error, address) };
    return;
  }
  if (way.protocol === 'http:' && address.allowHttp)
    yield {
      check: 'issuer http',
      level: 'warn',
      detail: `${way.origin} is asked over plain HTTP: whoever stands in between can let anybody in. Use https outside of a network of your own.`,
    };
}

function explained({ message, cause }: IssuerUnavailable, { internalUrl }: IssuerAddress): string {
  if (cause === undefined) return message;
  const setting = internalUrl === null ? 'OIDC_ISSUER' : 'OIDC_INTERNAL_URL';
  return `${message} ${reasonOf(cause)}. Is the issuer up, and reached from here by ${setting}?`;
}

/** `fetch failed` says nothing; what it was caused by does. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.cause instanceof AggregateError) return reasonOf(cause.cause.errors[0]);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
