/** The value of a cookie that the request has; null = none. */
export function cookieOf(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [key = '', value = ''] = pair.trim().split(/=(.*)/s);
    if (key === name) return value;
  }
  return null;
}

interface CookieFacts {
  /** The page is on https: the cookie is bound to this host, and never sent without TLS. */
  readonly secure: boolean;
  /** null = until the browser is closed; 0 = gone at once. */
  readonly seconds: number | null;
}

/** A cookie that scripts cannot read, and that other sites' forms do not send. */
export const setCookie = (name: string, value: string, { secure, seconds }: CookieFacts): string =>
  [
    `${name}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(secure ? ['Secure'] : []),
    ...(seconds === null ? [] : [`Max-Age=${seconds}`]),
  ].join('; ');

/** With the prefix, browsers take it from this host over https alone. */
export const cookieName = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);
