import type { AgentVersion, AliasTarget, JsonObject } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

export type VersionDraft = Omit<AgentVersion, 'number'>;

export interface AgentSummary {
  readonly name: string;
  readonly latest: number;
  readonly description: string;
  readonly aliases: Readonly<Record<string, readonly AliasTarget[]>>;
  readonly createdAt: number;
}

export interface VersionRow {
  readonly id: string;
  readonly number: number;
  readonly createdAt: number;
}

/**
 * Asked with what an alias stands for, while nobody else can change it; null when there is none. Says whether it may be
 * changed; if not, the outcome is `stale`.
 */
export type PermitsChange = (current: readonly AliasTarget[] | null) => boolean;

export interface AgentStore {
  /** Gives the next number and stores the version; the same content hash as the latest version returns that one. */
  publish(
    scope: TenantScope,
    draft: VersionDraft,
    spec: JsonObject,
    hash: string,
  ): Promise<{ version: AgentVersion; created: boolean }>;
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly AgentSummary[]>;
  get(scope: TenantScope, agent: string): Promise<AgentSummary | null>;
  versionById(scope: TenantScope, id: string): Promise<AgentVersion | null>;
  version(
    scope: TenantScope,
    agent: string,
    number: number,
  ): Promise<{ version: AgentVersion; spec: JsonObject } | null>;
  /** The versions of an agent, newest first; `before`: numbers below this one. */
  versions(scope: TenantScope, agent: string, before: number | null, limit: number): Promise<readonly VersionRow[]>;
  /** `no-version`: one of the versions does not exist. Only when it is `set` was anything changed. */
  setAlias(
    scope: TenantScope,
    agent: string,
    alias: string,
    targets: readonly AliasTarget[],
    permits?: PermitsChange,
  ): Promise<'set' | 'no-version' | 'stale'>;
  deleteAlias(
    scope: TenantScope,
    agent: string,
    alias: string,
    permits?: PermitsChange,
  ): Promise<'deleted' | 'missing' | 'stale'>;
}
