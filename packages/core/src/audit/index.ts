export type { AuditEntry, AuditHead, AuditLineText, AuditLog, AuditRow } from './audit-log.ts';
export { type AuditVerdict, verifyAudit } from './verify-audit.ts';
