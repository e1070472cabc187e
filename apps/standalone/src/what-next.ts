import { join } from 'node:path';
import type { AttentionResource } from '@holdfast/contracts';
import type { FirstRun } from './first-run.ts';
import { paint, type Stage } from './story.ts';
import type { Standalone } from './wiring.ts';

/** What happened, where it is, and what to try. */
export function tellNext(
  stage: Stage,
  { demo, url, inFolder }: Standalone,
  dataDir: string,
  folder: string,
  ended: FirstRun,
  totalMs: number,
): void {
  const { run, status, ms, report } = ended;
  const seconds = (value: number): string => `${(value / 1_000).toFixed(1)} s`;
  stage.line('');
  stage.line(
    paint(
      stage,
      status === 'succeeded' ? 'good' : 'bad',
      `The run ${status} in ${seconds(ms)}, ${seconds(totalMs)} after the start.`,
    ),
  );
  if (report !== null && inFolder)
    stage.line(`The report: ${join(dataDir, 'artifacts', demo.tenant, run, report.digest)}  (${report.name})`);
  stage.line('');
  stage.line('Try next, in another terminal:');
  const lines = [
    [`npx holdfast watch ${run}`, 'the same events again, from the log'],
    [`npx holdfast artifacts get ${run} report.md`, 'the report'],
    [`npx holdfast run librarian '${JSON.stringify({ folder })}' --input-json`, 'a run whose question you answer'],
    ['npx holdfast attention', 'what waits for you'],
    ['kill -9 this process, then npm start', 'runs go on where they were'],
    ['docs/quickstart.md', 'an agent and a tool of your own'],
  ] as const;
  const widest = Math.max(...lines.map(([line]) => line.length));
  for (const [line, what] of lines) stage.line(`  ${line.padEnd(widest)}  ${paint(stage, 'quiet', what)}`);
  stage.line(`  curl -H "Authorization: Bearer $(node -p "require('${demo.file}').api_key")" ${url}/v1/runs/${run}`);
  tellServing(stage);
}

/** A later start: what was unfinished goes on by itself; what needs a person is named. */
export function tellWaiting(stage: Stage, open: readonly AttentionResource[]): void {
  stage.line('  Unfinished runs go on by themselves. For a fresh first run: npm start -- --demo');
  for (const { run_id, ref, kind } of open)
    stage.line(
      paint(stage, 'people', `  ${kind} of run ${run_id} waits for you: npx holdfast decide ${run_id} ${ref}`),
    );
  tellServing(stage);
}

const tellServing = (stage: Stage): void => stage.line('\nHoldfast keeps serving. Ctrl-C ends it.');
