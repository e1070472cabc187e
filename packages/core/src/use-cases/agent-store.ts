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
  /** False when one of the versions does not exist; then nothing is changed. */
  setAlias(scope: TenantScope, agent: string, alias: string, targets: readonly AliasTarget[]): Promise<boolean>;
}
