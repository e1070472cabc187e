import { type ErrorCode, HoldfastError, type Problem, problemOf } from '@holdfast/contracts';
import {
  ArtifactsBusy,
  ArtifactsUnavailable,
  DatabaseBusy,
  DatabaseUnavailable,
  IssuerUnavailable,
  LoginRefused,
  NewerEvent,
  SecretUnreadable,
} from '@holdfast/core';
import { z } from 'zod';

const fastifyError = z.object({ code: z.string(), statusCode: z.int().optional() });

/** What Fastify refuses by itself, before a route sees it. */
const fastifyErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload_too_large',
    'The body is larger than this operation takes: 1 MiB where it carries content, 64 KiB elsewhere. Keep large content in a file that a tool can read.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'Send Content-Type: application/json (an agent may also be application/yaml).',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'The body is not JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'Content-Length is not the size of the body.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The URL is malformed: percent-encode it as UTF-8.'],
};

/** Any error as one that the caller may be told. What was not foreseen tells nothing but the id of the request. */
export function told(error: unknown, requestId: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (error instanceof DatabaseBusy)
    return new HoldfastError(
      'database_busy',
      'The database took too long, and what was begun was taken back. Try again, a create with the same Idempotency-Key.',
      { cause: error },
    );
  if (error instanceof DatabaseUnavailable)
    return new HoldfastError(
      'database_unavailable',
      'The database does not answer or takes no writes. Repeat a create with the same Idempotency-Key.',
      { cause: error },
    );
  if (error instanceof ArtifactsBusy)
    return new HoldfastError(
      'artifacts_busy',
      'As many files are on their way through this process as it takes at once. Try again.',
      { cause: error },
    );
  if (error instanceof ArtifactsUnavailable)
    return new HoldfastError(
      'artifacts_unavailable',
      'The store of files and large contents does not answer. Repeat a create with the same Idempotency-Key.',
      { cause: error },
    );
  if (error instanceof NewerEvent) return new HoldfastError('newer_release', error.message, { cause: error });
  if (error instanceof IssuerUnavailable)
    return new HoldfastError('issuer_unavailable', 'The OIDC issuer does not answer. Try again.', { cause: error });
  if (error instanceof LoginRefused) return new HoldfastError('login_refused', error.message, { cause: error });
  if (error instanceof SecretUnreadable)
    return new HoldfastError('secrets_unavailable', error.message, { cause: error });
  const known = fastifyError.safeParse(error);
  if (known.success) {
    const { code, statusCode = 500 } = known.data;
    const [ours, detail] = fastifyErrors[code] ?? [];
    if (ours !== undefined && detail !== undefined) return new HoldfastError(ours, detail);
    if (statusCode >= 400 && statusCode < 500) return new HoldfastError('invalid_request', 'The request is malformed.');
  }
  // secure-json-parse and JSON.parse throw SyntaxErrors without a code of Fastify's.
  if (error instanceof SyntaxError) return new HoldfastError('invalid_json', `The body is not JSON: ${error.message}`);
  const detail = `Something went wrong here. The log has more under the request id ${requestId}.`;
  return new HoldfastError('internal', detail, { cause: error });
}

/** The document, with the request's id. */
export const documentOf = (error: HoldfastError, requestId: string): Problem => ({
  ...problemOf(error),
  request_id: requestId,
});
