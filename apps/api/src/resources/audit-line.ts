import type { AuditLine } from '@holdfast/contracts';
import type { AuditLineText, AuditRow } from '@holdfast/core';
import { iso } from './time.ts';

export function auditLineResource({ number, at, operation, line, hash }: AuditRow): AuditLine {
  // As the store wrote it.
  const { target, by, requestId, detail } = JSON.parse(line) as AuditLineText;
  return { number, at: iso(at), by, operation, target, detail, request_id: requestId, hash };
}
