import { NativeConnection } from '@temporalio/worker';
import { accessToken } from './access-token.ts';
import type { TemporalSettings, TemporalToken } from './temporal-settings.ts';

/** One call to Temporal takes no longer, ms. */
export const CALL_MS = 5_000;
/** After a token could not be had, the next try, ms. */
const AGAIN_MS = 5_000;

export interface Connection {
  readonly native: NativeConnection;
  close(): Promise<void>;
}

/**
 * With an access token, it is renewed for as long as the connection is open; `failed` hears when that is not possible.
 * @throws Error of Temporal's core when the server cannot be reached, or refuses; Error where there is no token.
 */
export async function connect(
  { address, tls, apiKey, token }: TemporalSettings,
  failed: (error: unknown) => void = () => undefined,
): Promise<Connection> {
  const first = token === null ? null : await accessToken(token);
  const key = first?.text ?? apiKey;
  const native = await NativeConnection.connect({
    address,
    ...(key === null ? {} : { apiKey: key }),
    tls:
      tls === null
        ? // With a key, null would be TLS.
          false
        : {
            ...(tls.serverCa === null ? {} : { serverRootCACertificate: tls.serverCa }),
            ...(tls.serverName === null ? {} : { serverNameOverride: tls.serverName }),
            ...(tls.client === null ? {} : { clientCertPair: { crt: tls.client.cert, key: tls.client.key } }),
          },
  });
  const stop = token === null || first === null ? () => undefined : renew(native, token, first.renewInMs, failed);
  return {
    native,
    close: () => {
      stop();
      return native.close();
    },
  };
}

/** Until it is stopped. */
function renew(
  native: NativeConnection,
  token: TemporalToken,
  inMs: number,
  failed: (error: unknown) => void,
): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const next = async (): Promise<void> => {
    let after = AGAIN_MS;
    try {
      const { text, renewInMs } = await accessToken(token);
      if (!stopped) await native.setApiKey(text);
      after = renewInMs;
    } catch (error) {
      if (!stopped) failed(error);
    }
    if (!stopped) plan(after);
  };
  const plan = (after: number): void => {
    timer = setTimeout(() => void next(), after);
    timer.unref();
  };
  plan(inMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

export const within = <T>(native: NativeConnection, call: () => Promise<T>): Promise<T> =>
  native.withDeadline(Date.now() + CALL_MS, call);
