import { HoldfastError } from '@holdfast/contracts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Redaction } from './redaction.ts';
import { type SecretCipher, SecretUnreadable } from './secret-cipher.ts';
import { fillSecrets, secretNames } from './secret-names.ts';
import type { SecretRows } from './secret-rows.ts';

/**
 * Puts values where a text says `secret://<name>`. Ask at the last moment, before anything of a call has left: a tool
 * call that throws `SecretUnresolved` counts as not sent. From then on the values are redacted from all that comes back.
 * @throws SecretUnresolved
 */
export type ResolveSecrets = (scope: TenantScope, text: string) => Promise<string>;

/** A call needs a secret that is not there (`secret_unknown`), or cannot be read (`secrets_unavailable`). Nothing was sent. */
export class SecretUnresolved extends HoldfastError {}

export interface ResolvePorts {
  readonly rows: Pick<SecretRows, 'read'>;
  readonly cipher: Pick<SecretCipher, 'open'>;
  readonly redaction: Redaction;
}

export function secretResolver({ rows, cipher, redaction }: ResolvePorts): ResolveSecrets {
  return async (scope, text) => {
    const names = secretNames(text);
    if (names.length === 0) return text;
    const values = new Map<string, string>();
    try {
      for (const secret of await rows.read(scope, names))
        values.set(secret.name, cipher.open({ ...secret, tenant: scope.tenant }, secret));
    } catch (error) {
      throw new SecretUnresolved('secrets_unavailable', `The secrets of this call cannot be read: ${whyOf(error)}`, {
        cause: error,
      });
    }
    const missing = names.filter((name) => !values.has(name));
    if (missing.length > 0)
      throw new SecretUnresolved(
        'secret_unknown',
        `There is no secret ${missing.join(', ')}. An admin can set it: PUT /v1/secrets/${missing[0]}.`,
      );
    for (const [name, value] of values) redaction.add(scope.tenant, name, value);
    return fillSecrets(text, (name) => values.get(name) ?? '');
  };
}

function whyOf(error: unknown): string {
  if (error instanceof SecretUnreadable) return error.message;
  return error instanceof DatabaseUnavailable ? 'the database did not answer.' : 'the log has more.';
}
