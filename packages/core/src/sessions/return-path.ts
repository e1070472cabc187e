const HERE = 'http://here.invalid';

/** The path of this origin that `text` means; null = it would lead elsewhere, or is none. */
export function returnPath(text: string): string | null {
  // Browsers take a backslash for a slash, and drop line breaks and tabs.
  if (!text.startsWith('/') || /[\\\p{Cc}]/u.test(text) || !URL.canParse(text, HERE)) return null;
  const { origin, pathname, search, hash } = new URL(text, HERE);
  const path = `${pathname}${search}${hash}`;
  return origin === HERE && !path.startsWith('//') ? path : null;
}
