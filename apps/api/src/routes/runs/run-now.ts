import { refused, type RunDirectory, type RunRef } from '@holdfast/core';
import type { JsonAnswer, Resource } from '../../http/route.ts';
import { runSummaryResource } from '../../resources/run.ts';

/** 202: what was asked for is durable; the run as it stands now. */
export async function runNow(directory: RunDirectory, ref: RunRef): Promise<JsonAnswer> {
  const summary = await directory.get(ref);
  if (summary === null) throw refused('run_not_found', `There is no run ${ref.run}.`);
  return { status: 202, json: runSummaryResource(summary) };
}

/** The run as it stands, for an audit line; locked, so that nobody changes it before what is said to it. */
export const runAsItIs: Resource<{ readonly run: string }> = async ({ directory }, { tenant }, { run }) => {
  const ref = { tenant, run };
  await directory.lock(ref);
  const summary = await directory.get(ref);
  return summary && runSummaryResource(summary);
};
