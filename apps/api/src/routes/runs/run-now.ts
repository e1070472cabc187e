import { refused, type RunDirectory, type RunRef } from '@holdfast/core';
import type { JsonAnswer } from '../../http/route.ts';
import { runSummaryResource } from '../../resources/run.ts';

/** 202: what was asked for is durable; the run as it stands now. */
export async function runNow(directory: RunDirectory, ref: RunRef): Promise<JsonAnswer> {
  const summary = await directory.get(ref);
  if (summary === null) throw refused('run_not_found', `There is no run ${ref.run}.`);
  return { status: 202, json: runSummaryResource(summary) };
}
