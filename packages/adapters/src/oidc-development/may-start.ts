const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

interface Place {
  /** HOST */
  readonly host: string;
  readonly publicBaseUrl: string | null;
  /** NODE_ENV */
  readonly nodeEnv: string | undefined;
}

/** Why there can be no development login here, in words for people; null = there can. */
export function whyNoDevelopmentLogin({ host, publicBaseUrl, nodeEnv }: Place): string | null {
  if (nodeEnv === 'production') return 'NODE_ENV is production';
  if (!loopback.test(host)) return `HOST is ${host}, which others can reach`;
  if (publicBaseUrl !== null && !loopback.test(new URL(publicBaseUrl).hostname))
    return `PUBLIC_BASE_URL is ${publicBaseUrl}, which others can reach`;
  return null;
}
