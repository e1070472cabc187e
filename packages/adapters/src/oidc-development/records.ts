import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { z } from 'zod';

const record = z.object({ payload: z.record(z.string(), z.unknown()), expiresAt: z.number() });
const recordsFile = z.record(z.string(), record);
type StoredRecord = z.output<typeof record>;

const SAVE_AFTER_MS = 200;

/** Sessions, grants and tokens of the provider: in memory, and in a file so that they outlive a restart. */
export class Records {
  readonly #path: string;
  readonly #records: Map<string, StoredRecord>;
  #saving: NodeJS.Timeout | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#records = new Map(Object.entries(read(path)));
  }

  get(key: string): AdapterPayload | undefined {
    const found = this.#records.get(key);
    return found === undefined || found.expiresAt <= Date.now() ? undefined : found.payload;
  }

  find(model: string, fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, { payload, expiresAt }] of this.#records)
      if (key.startsWith(`${model}:`) && expiresAt > Date.now() && fits(payload)) return payload;
    return undefined;
  }

  /** `seconds`: how long it is kept. */
  set(key: string, payload: AdapterPayload, seconds: number): void {
    this.#records.set(key, { payload, expiresAt: Date.now() + seconds * 1_000 });
    this.#save();
  }

  consume(key: string): void {
    const found = this.#records.get(key);
    if (found === undefined) return;
    found.payload['consumed'] = Math.floor(Date.now() / 1_000);
    this.#save();
  }

  deleteWhere(goes: (key: string, payload: AdapterPayload) => boolean): void {
    for (const [key, { payload }] of this.#records) if (goes(key, payload)) this.#records.delete(key);
    this.#save();
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.#saving === null) return;
    clearTimeout(this.#saving);
    this.#saving = null;
    for (const [key, { expiresAt }] of this.#records) if (expiresAt <= Date.now()) this.#records.delete(key);
    const temporary = `${this.#path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(Object.fromEntries(this.#records)), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  /** A crash loses the last moment, which costs somebody a login: this is for development. */
  #save(): void {
    this.#saving ??= setTimeout(() => this.flush(), SAVE_AFTER_MS).unref();
  }
}

const FOR_EVER_SECONDS = 10 * 365 * 86_400;

/** The records of one model, as oidc-provider wants them. */
export function adapterOf(records: Records, model: string): Adapter {
  const keyOf = (id: string): string => `${model}:${id}`;
  const none = Promise.resolve(undefined);
  return {
    upsert(id, payload, expiresIn) {
      records.set(keyOf(id), payload, expiresIn || FOR_EVER_SECONDS);
      return none;
    },
    find: (id) => Promise.resolve(records.get(keyOf(id))),
    findByUid: (uid) => Promise.resolve(records.find(model, (payload) => payload.uid === uid)),
    findByUserCode: (code) => Promise.resolve(records.find(model, (payload) => payload.userCode === code)),
    consume(id) {
      records.consume(keyOf(id));
      return none;
    },
    destroy(id) {
      records.deleteWhere((key) => key === keyOf(id));
      return none;
    },
    revokeByGrantId(grantId) {
      records.deleteWhere((_key, payload) => payload.grantId === grantId);
      return none;
    },
  };
}

function read(path: string): z.output<typeof recordsFile> {
  try {
    return recordsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
