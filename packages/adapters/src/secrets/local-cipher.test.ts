import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretUnreadable } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyFileInvalid } from './key-file.ts';
import { LocalCipher } from './local-cipher.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
  path = join(folder, 'made', 'secrets.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = { tenant: 't', name: 'token', version: 1 };
const keys = (): { id: string; key: string }[] =>
  JSON.parse(readFileSync(path, 'utf8')) as { id: string; key: string }[];

describe('the local cipher', () => {
  it('opens what it sealed, also after a restart; no two seals are alike', () => {
    const value = 'Grüße \u{1f511}\n';
    const sealed = new LocalCipher(path).seal(place, value);
    const later = new LocalCipher(path);
    expect(later.open(place, sealed)).toBe(value);
    expect(later.seal(place, value).ciphertext).not.toBe(sealed.ciphertext);
    expect(JSON.stringify(sealed)).not.toContain(value);
  });

  it('makes a key file that only its owner may read', () => {
    new LocalCipher(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(keys()).toHaveLength(1);
  });

  it.each([
    ['another tenant', { ...place, tenant: 'u' }],
    ['another name', { ...place, name: 'tokem' }],
    ['another version', { ...place, version: 2 }],
  ])('opens nothing as %s', (_what, other) => {
    const cipher = new LocalCipher(path);
    const sealed = cipher.seal(place, 'value');
    expect(() => cipher.open(other, sealed)).toThrow(SecretUnreadable);
  });

  it.each(['nonce', 'ciphertext'] as const)('opens nothing with a changed %s', (part) => {
    const cipher = new LocalCipher(path);
    const sealed = cipher.seal(place, 'value');
    const bytes = Buffer.from(sealed[part], 'base64');
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    for (const changed of [bytes.toString('base64'), '', 'AAAA'])
      expect(() => cipher.open(place, { ...sealed, [part]: changed })).toThrow(SecretUnreadable);
  });

  it('says which key is missing', () => {
    const sealed = new LocalCipher(path).seal(place, 'value');
    const other = new LocalCipher(join(folder, 'other.key'));
    expect(() => other.open(place, sealed)).toThrow(new RegExp(`token .* ${sealed.keyId}`));
  });

  it('seals with a new key from then on, in other processes too, and goes on opening the old', () => {
    const [here, elsewhere] = [new LocalCipher(path), new LocalCipher(path)];
    const old = here.seal(place, 'value');
    const id = here.newKey(new Set([old.keyId]));
    expect(elsewhere.seal(place, 'value').keyId).toBe(id);
    expect(elsewhere.open(place, old)).toBe('value');
  });

  it('drops keys that seal nothing, but not the one that may be sealing now', () => {
    const cipher = new LocalCipher(path);
    const [first] = keys();
    expect(() => cipher.newKey(new Set(['0123456789abcdef']))).toThrow(SecretUnreadable);
    expect(keys()).toHaveLength(1);
    const second = cipher.newKey(new Set());
    expect(keys().map(({ id }) => id)).toEqual([second, first?.id]);
    const third = cipher.newKey(new Set());
    expect(keys().map(({ id }) => id)).toEqual([third, second]);
  });

  it.each([
    ['no JSON', 'x'],
    ['an empty list', '[]'],
    ['a key too short', '[{"id":"0123456789abcdef","key":"AAAA"}]'],
  ])('does not begin with %s', (_what, text) => {
    new LocalCipher(path);
    writeFileSync(path, text);
    const error = (() => {
      try {
        return new LocalCipher(path);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(KeyFileInvalid);
    expect(String(error)).toContain(path);
    expect(String(error)).not.toContain('AAAA');
  });

  it('tells a caller nothing of the path when the file is gone', () => {
    const cipher = new LocalCipher(path);
    rmSync(path);
    expect(() => cipher.seal(place, 'value')).toThrow(SecretUnreadable);
    expect(() => cipher.seal(place, 'value')).not.toThrow(folder);
  });
});
