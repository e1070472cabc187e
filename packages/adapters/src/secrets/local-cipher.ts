import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type RotatingCipher, type SealedValue, type SecretPlace, SecretUnreadable } from '@holdfast/core';
import { KeyFile, type SealingKey } from './key-file.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM. The tag stands behind the ciphertext; tenant, name and version are authenticated with it. */
export class LocalCipher implements RotatingCipher {
  readonly #file: KeyFile;

  /** Makes the key file when there is none. @throws KeyFileInvalid */
  constructor(path: string) {
    this.#file = new KeyFile(path);
  }

  seal(place: SecretPlace, value: string): SealedValue {
    const [newest] = this.#keys();
    if (newest === undefined) throw new Error('a key file without a key');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(boundTo(place));
    const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { keyId: newest.id, nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') };
  }

  open(place: SecretPlace, { keyId, nonce, ciphertext }: SealedValue): string {
    const key = this.#keys().find(({ id }) => id === keyId);
    if (key === undefined)
      throw new SecretUnreadable(
        `${place.name} is sealed with the key ${keyId}, which is not in this process's key file (SECRETS_URL).`,
      );
    const bytes = Buffer.from(ciphertext, 'base64');
    try {
      const decipher = createDecipheriv(ALGORITHM, key.key, Buffer.from(nonce, 'base64'), {
        authTagLength: TAG_BYTES,
      }).setAAD(boundTo(place));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw new SecretUnreadable(`${place.name} is not what was sealed: its row was changed. Set it again.`, {
        cause: error,
      });
    }
  }

  /** Those of the keys that are not in the file. */
  lacks(ids: readonly string[]): readonly string[] {
    const known = this.#keys().map(({ id }) => id);
    return ids.filter((id) => !known.includes(id));
  }

  #keys(): readonly SealingKey[] {
    try {
      return this.#file.keys();
    } catch (error) {
      throw new SecretUnreadable('The key file of SECRETS_URL cannot be used; the log says why.', { cause: error });
    }
  }

  /** @throws SecretUnreadable when this is not the file that the secrets were sealed with. */
  newKey(inUse: ReadonlySet<string>): string {
    const missing = this.lacks([...inUse]);
    if (missing.length > 0)
      throw new SecretUnreadable(
        `Secrets are sealed with the key ${missing.join(', ')}, which the key file of SECRETS_URL does not have.`,
      );
    return this.#file.renew((id) => inUse.has(id)).id;
  }
}

const boundTo = ({ tenant, name, version }: SecretPlace): Buffer =>
  Buffer.from(JSON.stringify([tenant, name, version]));
