import { type Agent } from 'node:http';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

const CONNECT_MS = 3_000;
/** Without a byte in either direction, ms. */
const IDLE_MS = 30_000;
/** A server that copies gigabytes may say nothing until it has ended. */
const COPY_IDLE_MS = 15 * 60_000;
/** Connections of a client; a request that waits for one longer than CONNECT_MS is given up as if nobody answered. */
export const SOCKETS = 64;

export interface Clients {
  readonly main: S3Client;
  /** For a request that must not be sent again, whatever became of it. */
  readonly once: S3Client;
  readonly copying: S3Client;
  /** For bodies, which are read as slowly as somebody takes them: no other request shall wait for their connections. */
  readonly reading: S3Client;
  /** Signs with the public address and sends nothing. null = none is configured. */
  readonly signing: S3Client | null;
}

/** `agent`: for a test that finds the servers itself. */
export function clientsOf(settings: S3Settings, agent?: Agent): Clients {
  const { endpoint, publicEndpoint, region, pathStyle, credentials } = settings;
  const config = (address: string, idleMs: number): S3ClientConfig => ({
    endpoint: address,
    region,
    forcePathStyle: pathStyle,
    ...(credentials === null
      ? {}
      : { credentials: { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey } }),
    maxAttempts: 3,
    // What was read is held to its SHA-256, which says more.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleMs,
      httpAgent: agent ?? { maxSockets: SOCKETS },
      httpsAgent: { maxSockets: SOCKETS },
    },
  });
  return {
    main: new S3Client(config(endpoint, IDLE_MS)),
    once: new S3Client({ ...config(endpoint, IDLE_MS), maxAttempts: 1 }),
    reading: new S3Client(config(endpoint, IDLE_MS)),
    copying: new S3Client(config(endpoint, COPY_IDLE_MS)),
    signing:
      publicEndpoint === null
        ? null
        : // Otherwise the checksum of an empty body is signed into the URL of a PUT.
          new S3Client({ ...config(publicEndpoint, IDLE_MS), requestChecksumCalculation: 'WHEN_REQUIRED' }),
  };
}

export function closeClients(clients: Clients): void {
  for (const client of Object.values<S3Client | null>({ ...clients })) client?.destroy();
}
