import { HoldfastError } from '@holdfast/contracts';
import { expect, test } from 'vitest';
import { DatabaseUnavailable } from '../log/run-store.ts';
import { checkSecretNames } from './check-secret-names.ts';
import { Redaction } from './redaction.ts';
import { secretResolver, SecretUnresolved } from './resolve-secrets.ts';
import { SecretUnreadable } from './secret-cipher.ts';
import type { SecretRows } from './secret-rows.ts';

const values: Readonly<Record<string, string>> = { token: 'value-of-token', 'other-1': 'value-of-other' };
const sealed = (name: string) => ({ name, version: 1, keyId: 'k', nonce: '', ciphertext: '' });
const rows: SecretRows = {
  read: (_scope, names) => Promise.resolve(names.filter((name) => name in values).map(sealed)),
  list: () => Promise.resolve(Object.keys(values).map((name) => ({ name, version: 1, createdAt: 0, updatedAt: 0 }))),
  get: () => Promise.resolve(null),
  put: () => Promise.resolve(null),
  delete: () => Promise.resolve('missing'),
};
const cipher = { open: ({ name }: { name: string }) => values[name] ?? '' };
const scope = { tenant: 't' };

test('every name is replaced, and its value redacted from then on', async () => {
  const redaction = new Redaction();
  const resolve = secretResolver({ rows, cipher, redaction });
  expect(await resolve(scope, 'Bearer secret://token.x secret://other-1 secret://token')).toBe(
    'Bearer value-of-token.x value-of-other value-of-token',
  );
  expect(redaction.text('t', 'value-of-other')).toBe('[secret:other-1]');
});

test('a text without names asks nobody', async () => {
  const nobody = { read: () => Promise.reject(new Error('asked')) };
  expect(await secretResolver({ rows: nobody, cipher, redaction: new Redaction() })(scope, 'secret:/x')).toBe(
    'secret:/x',
  );
});

test.each(['secret://nothing', 'secret://Token', 'secret://tok_en', 'secret://'])(
  '%s is refused whole, with what to do',
  async (text) => {
    const resolve = secretResolver({ rows, cipher, redaction: new Redaction() });
    const refusal = await resolve(scope, `secret://token ${text}`).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SecretUnresolved);
    expect(refusal).toMatchObject({ code: 'secret_unknown', message: expect.stringContaining('PUT /v1/secrets') });
  },
);

test.each([
  [new SecretUnreadable('token is sealed with the key k.'), 'sealed with the key k'],
  [new DatabaseUnavailable('x'), 'database did not answer'],
  [new Error('internals'), 'the log has more'],
])('what cannot be read is told without internals', async (error, told) => {
  const failing = { read: () => Promise.reject(error) };
  const refusal = secretResolver({ rows: failing, cipher, redaction: new Redaction() })(scope, 'secret://token');
  await expect(refusal).rejects.toMatchObject({ code: 'secrets_unavailable', message: expect.stringContaining(told) });
  await expect(refusal).rejects.toBeInstanceOf(SecretUnresolved);
});

test('names in a request are checked, and the answer lists those there are', async () => {
  await checkSecretNames(rows, scope, [{ path: '/headers/a', text: 'secret://token' }]);
  const refusal = checkSecretNames(rows, scope, [
    { path: '/headers/a', text: 'secret://token' },
    { path: '/headers/b', text: 'x secret://tokne' },
  ]);
  await expect(refusal).rejects.toBeInstanceOf(HoldfastError);
  await expect(refusal).rejects.toMatchObject({
    code: 'secret_unknown',
    message: 'There is no secret tokne; known: token, other-1.',
    errors: [{ path: '/headers/b', message: expect.stringContaining('tokne') }],
  });
});
