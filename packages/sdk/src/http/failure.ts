import { problem } from '@holdfast/contracts';
import { HoldfastError } from '../errors.ts';
import type { ApiRequest } from './request.ts';

/** What a refusal says, in the words of the server. */
export function failureOf(response: Response, body: string): HoldfastError {
  const { status, headers } = response;
  const facts = {
    status,
    requestId: headers.get('x-request-id'),
    retryAfterMs: retryAfter(headers.get('retry-after')),
  };
  const told = problem.safeParse(jsonOr(body, null));
  if (told.success) return new HoldfastError(told.data.detail, { ...facts, code: told.data.code, problem: told.data });
  return new HoldfastError(`The server answered ${status} ${response.statusText}, which is no answer of Holdfast.`, {
    ...facts,
    code: 'unexpected_answer',
    problem: null,
  });
}

/** A body that does not fit the contract: another server, or another release. */
export const unexpected = ({ method, path }: ApiRequest, response: Response, what: string): HoldfastError =>
  new HoldfastError(`The answer to ${method} ${path} ${what}.`, {
    status: response.status,
    code: 'unexpected_answer',
    problem: null,
    requestId: response.headers.get('x-request-id'),
    retryAfterMs: null,
  });

export function jsonOr<T>(text: string, otherwise: T): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return otherwise;
  }
}

/** Seconds, or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
