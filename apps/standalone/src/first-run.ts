import { setTimeout as sleep } from 'node:timers/promises';
import { artifactPage, attentionPage, decisionReceipt, runResource, type WireEvent } from '@holdfast/contracts';
import type { EventStreams } from '@holdfast/core';
import { asJson, type Ask } from './local-client.ts';
import { hearing, paint, type Stage, tellEvent } from './story.ts';

/** Long enough to be read. */
const APPROVE_AFTER_MS = 1_500;

export interface FirstRun {
  readonly run: string;
  readonly status: string;
  /** From the request to the end, by this process's clock. */
  readonly ms: number;
  readonly report: { readonly digest: string; readonly name: string } | null;
}

/** The librarian reads `folder`; its one question is answered by itself, and it is said that it is. */
export async function firstRun(
  ask: Ask,
  streams: EventStreams,
  tenant: string,
  folder: string,
  stage: Stage,
): Promise<FirstRun> {
  const began = performance.now();
  const run = await ask(runResource, 'POST', '/v1/runs', asJson({ agent: 'librarian', input: { folder } }));
  stage.line('');
  stage.line(paint(stage, 'bold', `Run ${run.id}: the librarian reads ${folder}`));
  stage.line(
    paint(stage, 'quiet', '  Model: rehearsal. It follows the plan in the agent’s file; no language model is called.'),
  );
  const over = new AbortController();
  const reason = await listen(streams, { tenant, run: run.id }, (event) => {
    tellEvent(stage, event, Date.parse(run.created_at));
    if (event.type !== 'approval.asked') return;
    approve(ask, run.id, stage, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) stage.line(`  the approval could not be answered: ${String(error)}`);
    });
  });
  over.abort();
  // The server stops, or the log cannot be read: there is nobody to ask how it ended.
  if (reason !== 'ended') return { run: run.id, status: 'interrupted', ms: performance.now() - began, report: null };
  const ended = await ask(runResource, 'GET', `/v1/runs/${run.id}`);
  const { items } = await ask(artifactPage, 'GET', `/v1/runs/${run.id}/artifacts`);
  const report = items.find(({ name }) => name === 'report.md');
  return {
    run: run.id,
    status: ended.status,
    ms: performance.now() - began,
    report: report === undefined ? null : { digest: report.digest, name: 'report.md' },
  };
}

function listen(
  streams: EventStreams,
  ref: { tenant: string; run: string },
  told: (event: WireEvent) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    streams.follow(ref, 0, () => hearing(told, resolve)).catch(reject);
  });
}

async function approve(ask: Ask, run: string, stage: Stage, over: AbortSignal): Promise<void> {
  stage.line(
    paint(stage, 'people', '              The run waits for a person. In this first run the answer is given for you …'),
  );
  await sleep(APPROVE_AFTER_MS, undefined, { signal: over });
  const { items } = await ask(attentionPage, 'GET', `/v1/attention?run=${run}`);
  for (const { ref } of items.filter((item) => item.kind === 'approval'))
    await ask(
      decisionReceipt,
      'POST',
      `/v1/runs/${run}/attention/${encodeURIComponent(ref)}`,
      asJson({ decision: 'approve', reason: 'answered by itself in the first run' }),
    );
}
