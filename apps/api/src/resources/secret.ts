import type { SecretResource } from '@holdfast/contracts';
import type { SecretSummary } from '@holdfast/core';
import { iso } from './time.ts';

export const secretResource = ({ name, version, createdAt, updatedAt }: SecretSummary): SecretResource => ({
  name,
  version,
  created_at: iso(createdAt),
  updated_at: iso(updatedAt),
});
