import type { TenantScope } from '../tenant-scope.ts';
import type { ThreadDeletion } from './deletion.ts';

export interface Thread {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Neither queued behind another nor ended. */
  readonly activeRun: string | null;
  /** The newest run that has ended. */
  readonly lastRun: string | null;
  /** ms since 1970 */
  readonly createdAt: number;
}

export interface ThreadStore {
  create(scope: TenantScope, thread: Thread): Promise<void>;
  get(scope: TenantScope, thread: string): Promise<Thread | null>;
  /** Newest first (ids are UUIDv7); `before` is the last id of the page before. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<readonly Thread[]>;
  /**
   * Puts a new run into the thread, in the transaction that creates it. Returns the run that is active now: the new
   * one, or the one that it waits for; null = no such thread.
   */
  join(scope: TenantScope, thread: string, run: string): Promise<string | null>;
  /** With its runs, and those below them. */
  delete(scope: TenantScope, thread: string): Promise<ThreadDeletion>;
}
