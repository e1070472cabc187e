import { DevelopmentProvider, NOTICE, whyNoDevelopmentLogin } from '@holdfast/adapters/oidc-development';
import { type Config, parseEnv } from '@holdfast/contracts';

interface Login {
  /** With the issuer at which people log in. */
  readonly config: Config;
  /** null = another issuer, or none. */
  readonly development: DevelopmentProvider | null;
  /** What is said at start. */
  readonly line: string;
}

/** Where people log in: at OIDC_ISSUER; else at the login for one's own machine, on the port above the API's, where it may be. */
export async function loginOf(config: Config, dataDir: string, warn: (text: string) => void): Promise<Login> {
  if (config.oidc !== null) return { config, development: null, line: `login: ${config.oidc.issuer}` };
  const none = (why: string): Login => ({ config, development: null, line: `login: none, only API keys: ${why}` });
  const why = whyNoDevelopmentLogin({
    host: config.http.host,
    publicBaseUrl: config.http.publicBaseUrl,
    nodeEnv: config.secrets.environment['NODE_ENV'],
  });
  if (why !== null) return none(`${why}, and there is no development login there; set OIDC_ISSUER`);
  // Beside a port that the system chooses, too, any that is free.
  const port = config.http.port === 0 || config.http.port === 65_535 ? 0 : config.http.port + 1;
  try {
    const development = await DevelopmentProvider.start({ port, dataDir, warn });
    // As if somebody had set it: what holds for it holds for every other issuer.
    const { oidc, secrets } = parseEnv(development.environment);
    return {
      config: { ...config, oidc, secrets: { ...config.secrets, oidcClientSecret: secrets.oidcClientSecret } },
      development,
      line: `login: ${development.issuer}  ·  ${NOTICE}`,
    };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return none(`the port ${port} of the development login is taken`);
  }
}
