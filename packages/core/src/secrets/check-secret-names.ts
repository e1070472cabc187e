import type { ProblemError } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import { secretNames } from './secret-names.ts';
import type { SecretRows } from './secret-rows.ts';

const MOST_NAMED = 50;

/**
 * Refuses texts of a request that name secrets which do not exist. `path` is where the text stands in the body.
 * @throws HoldfastError `secret_unknown`, with each place and the names that there are.
 */
export async function checkSecretNames(
  rows: SecretRows,
  scope: TenantScope,
  texts: readonly { readonly path: string; readonly text: string }[],
): Promise<void> {
  const named = texts.flatMap(({ path, text }) => secretNames(text).map((name) => ({ path, name })));
  if (named.length === 0) return;
  const found = new Set((await rows.read(scope, [...new Set(named.map(({ name }) => name))])).map(({ name }) => name));
  const missing = named.filter(({ name }) => !found.has(name));
  if (missing.length === 0) return;
  const known = (await rows.list(scope, null, MOST_NAMED)).map(({ name }) => name);
  const there = known.length === 0 ? 'there are none yet' : `known: ${known.join(', ')}`;
  const errors = missing.map(({ path, name }): ProblemError => ({ path, message: `no secret ${name}; ${there}` }));
  throw refused(
    'secret_unknown',
    `There is no secret ${[...new Set(missing.map(({ name }) => name))].join(', ')}; ${there}.`,
    errors,
  );
}
