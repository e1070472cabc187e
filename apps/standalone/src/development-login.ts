import { DevelopmentProvider, NOTICE, whyNoDevelopmentLogin } from '@holdfast/adapters/oidc-development';
import type { Config } from '@holdfast/contracts';

interface DevelopmentLogin {
  /** null = people cannot log in. */
  readonly provider: DevelopmentProvider | null;
  readonly lines: readonly string[];
}

/** The login for one's own machine, on the port above the API's, where it may be. */
export async function developmentLogin(
  { http, secrets }: Config,
  dataDir: string,
  warn: (text: string) => void,
): Promise<DevelopmentLogin> {
  const why = whyNoDevelopmentLogin({
    host: http.host,
    publicBaseUrl: http.publicBaseUrl,
    nodeEnv: secrets.environment['NODE_ENV'],
  });
  if (why !== null)
    return { provider: null, lines: [`login: none, only API keys: ${why}, and there is no development login there`] };
  // Beside a port that the system chooses, too, any that is free.
  const port = http.port === 0 || http.port === 65_535 ? 0 : http.port + 1;
  try {
    const provider = await DevelopmentProvider.start({ port, dataDir, warn });
    return { provider, lines: [`login: ${provider.issuer}  ·  ${NOTICE}`] };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return { provider: null, lines: [`login: none, only API keys: the port ${port} is taken`] };
  }
}
