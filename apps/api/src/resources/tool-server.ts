import type { ToolServerResource } from '@holdfast/contracts';
import type { ToolServerSummary } from '@holdfast/core';
import { iso } from './time.ts';

export const toolServerResourceOf = ({ name, type, url, updatedAt }: ToolServerSummary): ToolServerResource => ({
  name,
  type,
  url,
  updated_at: iso(updatedAt),
});

/** One of the platform's. */
export const platformServerOf = (name: string): ToolServerResource => ({
  name,
  type: 'stdio',
  url: null,
  updated_at: null,
});
