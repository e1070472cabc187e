import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sample, startSample } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await startSample('librarian', 'docs/concepts');
});
afterAll(() => sample.close());

/** Until it asks for its report. */
async function asked(): Promise<{ readonly run: string; readonly ref: string }> {
  const { runs, folder } = sample;
  const run = await runs.start('librarian', { input: { folder } });
  await runs.until(async () => (await runs.attention()).some(({ run_id }) => run_id === run));
  const item = (await runs.attention()).find(({ run_id }) => run_id === run);
  expect(item).toMatchObject({ kind: 'approval', role: 'operator', detail: { tool: 'artifacts_write' } });
  return { run, ref: String(item?.['ref']) };
}

test('it reads the first five files of the folder, and reports what they say once a person has agreed', async () => {
  const { runs, folder } = sample;
  // Not a file: it is not read.
  mkdirSync(join(folder, '0-folder'));
  const { run, ref } = await asked();
  await expect(sample.file(run, 'report.md')).resolves.not.toContain('What the files say');
  await runs.decide(run, ref, { decision: 'approve' });
  await runs.becomes(run, 'succeeded');
  const report = await sample.file(run, 'report.md');
  expect(report).toContain('# What the files say');
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
  expect(files.filter((name) => report.includes(`— ${name}`))).toHaveLength(5);
});

test('it ends without a report when the person does not agree', async () => {
  const { runs } = sample;
  const { run, ref } = await asked();
  await runs.decide(run, ref, { decision: 'deny' });
  await runs.becomes(run, 'succeeded');
  expect(await runs.of(run, 'approval.asked')).toHaveLength(1);
  await expect(sample.file(run, 'report.md')).resolves.not.toContain('What the files say');
});
