import { readFileSync } from 'node:fs';
import type { Config } from '@holdfast/contracts';
import type { TemporalSettings } from './temporal-settings.ts';

/** As configured, with the files of TLS read. @throws Error `temporal_tls_unreadable` naming the file. */
export function configuredSettings(
  { tls, token, ...settings }: NonNullable<Config['temporal']>,
  {
    temporalApiKey,
    temporalTokenClientSecret,
  }: Pick<Config['secrets'], 'temporalApiKey' | 'temporalTokenClientSecret'>,
): TemporalSettings {
  return {
    ...settings,
    apiKey: temporalApiKey,
    token:
      token === null || temporalTokenClientSecret === null
        ? null
        : { ...token, clientSecret: temporalTokenClientSecret },
    tls:
      tls === null
        ? null
        : {
            serverCa: tls.serverCa === null ? null : read('TEMPORAL_TLS_SERVER_CA_CERT_PATH', tls.serverCa),
            client:
              tls.client === null
                ? null
                : {
                    cert: read('TEMPORAL_TLS_CLIENT_CERT_PATH', tls.client.cert),
                    key: read('TEMPORAL_TLS_CLIENT_KEY_PATH', tls.client.key),
                  },
            serverName: tls.serverName,
          },
  };
}

function read(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`${key}: the file ${file} cannot be read: ${why}`), {
      code: 'temporal_tls_unreadable',
    });
  }
}
