export { checkSecretNames } from './check-secret-names.ts';
export { Redaction } from './redaction.ts';
export { type ResolvePorts, type ResolveSecrets, secretResolver, SecretUnresolved } from './resolve-secrets.ts';
export { rotateSecretKey } from './rotate-secret-key.ts';
export { type RotatingCipher, type SecretCipher, type SecretPlace, SecretUnreadable } from './secret-cipher.ts';
export { secretNames } from './secret-names.ts';
export type {
  ExpectedVersion,
  SealedPages,
  SealedSecret,
  SealedValue,
  SecretRows,
  SecretSummary,
} from './secret-rows.ts';
