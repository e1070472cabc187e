import { isGrpcServiceError } from '@temporalio/client';
import { grpcStatus as status } from './grpc-status.ts';
import type { TemporalSettings } from './temporal-settings.ts';

/** What the core of Temporal's SDK says of a connection that fails, and what it means for whoever set it up. */
const signs: readonly (readonly [RegExp, (settings: TemporalSettings) => string])[] = [
  [/dns error|lookup address/, ({ address }) => `the name in ${address} cannot be found: is TEMPORAL_ADDRESS right?`],
  [
    /Connection refused/,
    ({ address }) => `nothing listens at ${address}: is Temporal running, and TEMPORAL_ADDRESS right?`,
  ],
  [
    /InvalidContentType|CorruptMessage/,
    ({ address }) => `${address} speaks no TLS: unset TEMPORAL_TLS, every TEMPORAL_TLS_… and TEMPORAL_API_KEY`,
  ],
  [
    /UnknownIssuer|CaUsedAsEndEntity|BadSignature/,
    () => 'its certificate comes from nobody we trust: give the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  ],
  [/NotValidForName/, () => 'its certificate is for another name: give that name in TEMPORAL_TLS_SERVER_NAME'],
  [/certificate expired|CertExpired|Expired/i, () => 'its certificate has expired'],
  [
    /CertificateRequired|HandshakeFailure|BadCertificate|UnknownCA|AccessDenied/,
    () =>
      'it does not take our certificate, or wants one: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
  ],
  [
    /h2 protocol error|connection ?reset|broken ?pipe|connection ?aborted|closed connection|connection closed|Http2/i,
    ({ tls }) =>
      tls === null
        ? 'it does not answer as Temporal does: does it want TLS (TEMPORAL_TLS=true), or is it something else?'
        : 'it ends the connection: does it want our certificate (TEMPORAL_TLS_CLIENT_CERT_PATH), or is it something else?',
  ],
  [/timed out|deadline/i, ({ address }) => `${address} does not answer in time`],
];

/** One line: why Temporal cannot be used, and what to do. */
export function explainFailure(error: unknown, settings: TemporalSettings): string {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (isGrpcServiceError(cause)) {
    if (cause.code === status.NOT_FOUND)
      return `there is no namespace ${settings.namespace}: make it (temporal operator namespace create), or set TEMPORAL_NAMESPACE`;
    if (cause.code === status.PERMISSION_DENIED || cause.code === status.UNAUTHENTICATED)
      return `it lets us not in (${cause.details || cause.message}): is TEMPORAL_API_KEY (or TEMPORAL_TOKEN_CLIENT_ID) right, and may it use namespace ${settings.namespace}?`;
  }
  const text = error instanceof Error ? error.message : String(error);
  const known = signs.find(([sign]) => sign.test(text));
  return known === undefined ? text : known[1](settings);
}
