import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sample, startSample } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await startSample('researcher', 'docs');
});
afterAll(() => sample.close());

test('three runs of two agents read, and the report joins their answers', async () => {
  const { runs, folder } = sample;
  const run = await runs.start('researcher', { input: { folder } });
  await runs.becomes(run, 'succeeded');
  const children = await Promise.all((await runs.children(run, 3)).map((child) => runs.run(child)));
  expect(children.map(({ agent, status }) => `${String(agent)} ${String(status)}`)).toEqual([
    'lister succeeded',
    'reader succeeded',
    'reader succeeded',
  ]);
  const report = await sample.file(run, 'report.md');
  expect(report).toContain('[DIR] guides');
  for (const part of ['guides', 'decisions']) {
    const files = readdirSync(join(folder, part)).filter((file) => report.includes(`— ${file}`));
    expect(files, `files of ${part} that the report quotes`).not.toEqual([]);
  }
});
