import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const KEY_BYTES = 32;

const keyList = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{16}$/),
      key: z.base64().refine((text) => Buffer.from(text, 'base64').length === KEY_BYTES, { error: 'must be 32 bytes' }),
    }),
  )
  .nonempty();
type StoredKey = z.output<typeof keyList>[number];

export interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/** `SECRETS_URL` names a file that cannot be used. */
export class KeyFileInvalid extends Error {
  override readonly name = 'KeyFileInvalid';
  readonly code = 'secrets_key_file_invalid';
}

/** Keys in a file that only its owner may read: a JSON list, the newest first. Others may change it meanwhile. */
export class KeyFile {
  readonly #path: string;
  #read: { readonly stamp: string; readonly keys: readonly SealingKey[] } | null = null;

  /** Makes the file when there is none. @throws KeyFileInvalid */
  constructor(path: string) {
    this.#path = path;
    this.#guarded('made', () => this.#make());
    this.keys();
  }

  /** The newest first; never empty. @throws KeyFileInvalid */
  keys(): readonly SealingKey[] {
    return this.#guarded('read', () => {
      const { mtimeNs, ino, size } = statSync(this.#path, { bigint: true });
      const stamp = `${ino} ${mtimeNs} ${size}`;
      if (this.#read?.stamp !== stamp) this.#read = { stamp, keys: this.#stored().map(opened) };
      return this.#read.keys;
    });
  }

  /** A new key becomes the first; of the others those go on of which `keep` says so. Whole or not at all. */
  renew(keep: (id: string) => boolean): SealingKey {
    return this.#guarded('written', () => {
      const made = newKey();
      const [current, ...older] = this.#stored();
      // The current key may be sealing something at this moment in another process.
      const kept = [made, ...(current === undefined ? [] : [current]), ...older.filter(({ id }) => keep(id))];
      const temporary = this.#written(kept);
      renameSync(temporary, this.#path);
      return opened(made);
    });
  }

  /** Two processes may start at once: the file of the first one counts. */
  #make(): void {
    if (statSync(this.#path, { throwIfNoEntry: false }) !== undefined) return;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const temporary = this.#written([newKey()]);
    try {
      linkSync(temporary, this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(temporary);
    }
  }

  #written(keys: readonly StoredKey[]): string {
    const temporary = `${this.#path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(temporary, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return temporary;
  }

  #stored(): readonly StoredKey[] {
    const parsed = keyList.safeParse(JSON.parse(readFileSync(this.#path, 'utf8')));
    if (parsed.success) return parsed.data;
    // Without the values: they are keys.
    throw new Error(`${parsed.error.issues[0]?.path.join('.') ?? ''} does not fit`);
  }

  #guarded<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const why = error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error ? error.message : '';
      throw new KeyFileInvalid(`The key file ${this.#path} of SECRETS_URL cannot be ${what}: ${why}`, {
        cause: error instanceof SyntaxError ? undefined : error,
      });
    }
  }
}

const newKey = (): StoredKey => ({
  id: randomBytes(8).toString('hex'),
  key: randomBytes(KEY_BYTES).toString('base64'),
});

const opened = ({ id, key }: StoredKey): SealingKey => ({ id, key: Buffer.from(key, 'base64') });
