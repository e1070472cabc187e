import type { ToolServerSpec } from '@holdfast/contracts';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { RegisteredServer } from './server-kind.ts';
import type { ListedTool, NamedToolServer } from './tools.ts';

export interface ToolServerSummary extends NamedToolServer {
  readonly url: string | null;
  readonly updatedAt: number;
}

export interface StoredToolServer extends RegisteredServer {
  /** Where it is, for people. */
  readonly url: string;
  /** As it was when the server was registered; null when it was not asked or its description says it all. */
  readonly listing: readonly ListedTool[] | null;
  readonly updatedAt: number;
}

export interface ToolServerDraft {
  readonly name: string;
  readonly spec: ToolServerSpec;
  readonly url: string;
  readonly listing: readonly ListedTool[] | null;
}

/** The tool servers that tenants registered. */
export interface ToolServerStore {
  /** By name, those after `after`. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly ToolServerSummary[]>;
  get(scope: TenantScope, name: string): Promise<StoredToolServer | null>;
  /** Makes or changes it; null when what is there is not what is expected, and then nothing is changed. */
  put(scope: TenantScope, draft: ToolServerDraft, expected: ExpectedVersion): Promise<StoredToolServer | null>;
  delete(scope: TenantScope, name: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'>;
}
