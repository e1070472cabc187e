export {
  type AuditCheckpoint,
  type AuditEntry,
  type AuditFilter,
  type AuditHead,
  type AuditLineText,
  type AuditLog,
  type AuditOutcome,
  type AuditRow,
  type AuditSource,
  CHECKPOINT,
  EMPTY_CHAIN,
} from './audit-log.ts';
export {
  AuditFileUnreadable,
  closingLine,
  exportedLine,
  openingLine,
  type VerifiedExport,
  verifyExport,
} from './audit-export.ts';
export { exportAudit } from './export-audit.ts';
export type { BrokenChain } from './explain-break.ts';
export { type AuditVerdict, hashOfLine, storedChain, verifyChain, verifyStored } from './verify-audit.ts';
