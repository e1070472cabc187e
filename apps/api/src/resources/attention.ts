import { type AttentionResource, jsonObject } from '@holdfast/contracts';
import type { OpenAttention } from '@holdfast/core';
import { iso, isoOrNull } from './time.ts';

export const attentionResource = (row: OpenAttention): AttentionResource => ({
  run_id: row.run,
  agent: row.agent,
  ref: row.ref,
  kind: row.kind,
  call: row.call,
  role: row.role,
  approvers: [...(row.approvers ?? [])],
  since: iso(row.since),
  until: isoOrNull(row.until),
  detail: jsonObject.parse(JSON.parse(row.detail)),
});
