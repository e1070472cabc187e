import type * as OidcProvider from 'oidc-provider';

export type Library = typeof OidcProvider;

/**
 * Loaded when a development login starts: most processes never start one. It warns of every Node but 22 and later, also of
 * 20, on which our tests run it.
 */
export async function loadLibrary(): Promise<Library> {
  const { warn } = console;
  // oxlint-disable-next-line eslint/no-console
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes('Unsupported runtime')) warn(...words);
  };
  try {
    return await import('oidc-provider');
  } finally {
    // oxlint-disable-next-line eslint/no-console
    console.warn = warn;
  }
}
