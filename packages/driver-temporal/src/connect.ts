import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from './temporal-settings.ts';

/** One call to Temporal takes no longer, ms. */
export const CALL_MS = 5_000;

/** @throws Error of Temporal's core when the server cannot be reached, or refuses. */
export const connect = ({ address, tls, apiKey }: TemporalSettings): Promise<NativeConnection> =>
  NativeConnection.connect({
    address,
    ...(apiKey === null ? {} : { apiKey }),
    tls:
      tls === null
        ? null
        : {
            ...(tls.serverCa === null ? {} : { serverRootCACertificate: tls.serverCa }),
            ...(tls.serverName === null ? {} : { serverNameOverride: tls.serverName }),
            ...(tls.client === null ? {} : { clientCertPair: { crt: tls.client.cert, key: tls.client.key } }),
          },
  });

export const within = <T>(connection: NativeConnection, call: () => Promise<T>): Promise<T> =>
  connection.withDeadline(Date.now() + CALL_MS, call);
