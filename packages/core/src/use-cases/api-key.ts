import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { v7 as uuidv7 } from 'uuid';
import type { Role } from '@holdfast/contracts';
import type { KeyDraft } from './key-store.ts';

/** The parts of `hf_<tenant>_<key id>_<secret>`; the ids are UUIDs without dashes, the secret is 64 hex digits. */
export interface ParsedKey {
  readonly tenant: string;
  readonly id: string;
  readonly secret: string;
}

const pattern = /^hf_([0-9a-f]{32})_([0-9a-f]{32})_([0-9a-f]{64})$/;

/** null when the text is no key. */
export function parseKey(text: string): ParsedKey | null {
  const [, tenant, id, secret] = pattern.exec(text) ?? [];
  if (tenant === undefined || id === undefined || secret === undefined) return null;
  return { tenant: dashed(tenant), id: dashed(id), secret };
}

/** A new key: what is stored, and the text that is shown once. */
export function newKey(
  tenant: string,
  name: string,
  roles: readonly Role[],
  expiresAt: number | null = null,
): { stored: KeyDraft; text: string } {
  const id = uuidv7();
  const { secretHash, text } = newSecretOf(tenant, id);
  return { stored: { id, name, roles, secretHash, expiresAt }, text };
}

/** A new secret for a key: its hash, and the text of the key that is shown once. */
export function newSecretOf(tenant: string, id: string): { secretHash: string; text: string } {
  const secret = bytesToHex(randomBytes(32));
  return {
    secretHash: hashSecret(secret),
    text: `hf_${tenant.replaceAll('-', '')}_${id.replaceAll('-', '')}_${secret}`,
  };
}

/** SHA-256, hex. The secret is 256 random bits, so a slow hash would add nothing. */
export const hashSecret = (secret: string): string => bytesToHex(sha256(utf8ToBytes(secret)));

/** Compares without telling by its duration where the texts differ. */
export function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1)
    difference |= left.charCodeAt(index) ^ (right.charCodeAt(index) || 0);
  return difference === 0;
}

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
