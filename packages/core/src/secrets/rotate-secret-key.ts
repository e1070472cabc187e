import type { RotatingCipher } from './secret-cipher.ts';
import type { SealedPages } from './secret-rows.ts';

const PAGE = 200;

/**
 * Changes the key that secrets are sealed with: a new one first, then every secret sealed anew, page by page. The old
 * key stays, for processes that still seal with it; the next change drops it when it seals nothing.
 * Returns how many secrets were sealed anew. Interrupted, it is run again.
 * @throws SecretUnreadable when a secret cannot be opened; those before it are sealed with the new key.
 */
export async function rotateSecretKey(
  pages: SealedPages,
  cipher: RotatingCipher,
): Promise<{ readonly keyId: string; readonly resealed: number }> {
  const keyId = cipher.newKey(await pages.keysInUse());
  let resealed = 0;
  for (;;) {
    const count = await pages.reseal(keyId, PAGE, ({ tenant }, secret) => {
      const place = { tenant, name: secret.name, version: secret.version };
      return cipher.seal(place, cipher.open(place, secret));
    });
    resealed += count;
    if (count < PAGE) return { keyId, resealed };
  }
}
