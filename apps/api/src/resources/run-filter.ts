import type { RunFilter, RunStatus } from '@holdfast/core';

/** A filter as requests write it. */
export interface RequestedFilter {
  readonly status?: RunStatus | undefined;
  readonly agent?: string | undefined;
  readonly version?: number | undefined;
  readonly tag?: string | undefined;
  readonly thread?: string | undefined;
  readonly parent?: string | undefined;
  readonly schedule?: string | undefined;
  readonly created_after?: string | undefined;
  readonly created_before?: string | undefined;
}

export const runFilter = ({ created_after: after, created_before: before, ...rest }: RequestedFilter): RunFilter => ({
  ...rest,
  createdAfter: after === undefined ? undefined : Date.parse(after),
  createdBefore: before === undefined ? undefined : Date.parse(before),
});
