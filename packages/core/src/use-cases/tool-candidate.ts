import type { ApprovalRule, Effect, Retries, ToolSource } from '@holdfast/contracts';
import type { ListedTool } from '../executor/tools.ts';

/** A tool of a spec before its name is settled. */
export interface Candidate {
  /** Of the tool in the spec, a JSON pointer. */
  readonly path: string;
  readonly listed: ListedTool;
  readonly source: ToolSource;
  readonly effect: Effect;
  readonly approval: ApprovalRule | null;
  readonly retries: Retries;
}
