import type { AuditLine } from '@holdfast/contracts';
import type { AuditLineText, AuditRow } from '@holdfast/core';
import { iso } from './time.ts';

export function auditLineResource({ number, at, operation, actor, target, line, hash }: AuditRow): AuditLine {
  // As the store wrote it.
  const { by, from, requestId, before, after, outcome, detail } = JSON.parse(line) as AuditLineText;
  return {
    number,
    at: iso(at),
    by: { ...by, id: actor },
    operation,
    target,
    outcome,
    before,
    after,
    from,
    detail,
    request_id: requestId,
    hash,
  };
}
