// Fills the issuer's signing keys into kong.yml, which cannot fetch them by itself. Run it at each start, and again before
// the issuer signs by a new key:  node render-keys.mjs kong.yml /kong/kong.yml  with JWKS_URL, then `kong reload`.
import { createPublicKey } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const algorithms = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);
const PLACE = 'jwt_secrets: []';

const { JWKS_URL } = process.env;
const [, , from, to] = process.argv;
if (JWKS_URL === undefined || from === undefined || to === undefined)
  fail('usage: JWKS_URL=<issuer>/protocol/openid-connect/certs node render-keys.mjs <kong.yml> <result>');
const template = readFileSync(from, 'utf8');
if (!template.includes(PLACE)) fail(`${from} has no line "${PLACE}" to fill in`);

const keys = await signingKeys();
if (keys.length === 0) fail(`${JWKS_URL} has no key that Kong can verify by; ${to} stays as it is`);
// JSON is YAML. Whole or not at all: Kong may read the file at any moment.
writeFileSync(`${to}.new`, template.replace(PLACE, `jwt_secrets: ${JSON.stringify(keys)}`));
renameSync(`${to}.new`, to);
console.log(`${to}: ${keys.length} keys of ${JWKS_URL}`);

async function signingKeys() {
  let answer;
  try {
    answer = await fetch(JWKS_URL, { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    fail(`${JWKS_URL} cannot be reached: ${error.cause?.message ?? error.message}`);
  }
  if (!answer.ok) fail(`${JWKS_URL} was answered ${answer.status}`);
  const { keys: published = [] } = await answer.json();
  return published
    .filter(({ kid, use = 'sig', alg }) => typeof kid === 'string' && use === 'sig' && algorithms.has(alg))
    .map(({ kid, alg, ...jwk }) => ({
      key: kid,
      algorithm: alg,
      rsa_public_key: createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
    }));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
