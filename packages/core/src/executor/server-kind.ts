import type { ToolServerSpec } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';
import type { ListedTool, ToolOutcome, ToolRequest } from './tools.ts';

/** A tool server as a tenant registered it. */
export interface RegisteredServer<Spec extends ToolServerSpec = ToolServerSpec> {
  readonly name: string;
  readonly spec: Spec;
  /** Counts from 1, grows with each change. */
  readonly version: number;
}

/** How servers of one type are listed and called. */
export interface ServerKind<Spec extends ToolServerSpec> {
  /** What it offers now. @throws ToolServerUnavailable, HoldfastError `tool_invalid`. */
  list(scope: TenantScope, server: RegisteredServer<Spec>): Promise<readonly ListedTool[]>;
  call(request: ToolRequest, server: RegisteredServer<Spec>, signal: AbortSignal): Promise<ToolOutcome>;
}
