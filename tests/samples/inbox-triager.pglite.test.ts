import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sample, startSample } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await startSample('inbox-triager', 'samples/inbox-triager/inbox');
});
afterAll(() => sample.close());

test('it classifies the mails, and moves one once a person has agreed', async () => {
  const { runs, folder } = sample;
  const run = await runs.start('inbox-triager', { input: { folder } });
  await runs.until(async () => (await runs.attention()).length === 1);
  expect(readdirSync(folder).toSorted()).toEqual(['1-invoice.eml', '2-lunch.eml', '3-prize.eml', 'urgent']);
  const [asked = {}] = await runs.attention();
  expect(asked).toMatchObject({ run_id: run, kind: 'approval' });
  await runs.decide(run, String(asked['ref']), { decision: 'approve' });
  await runs.becomes(run, 'succeeded');
  expect(readdirSync(join(folder, 'urgent'))).toEqual(['1-invoice.eml']);
  expect((await runs.of(run, 'run.succeeded'))[0]?.['value']).toEqual({
    mails: [
      { file: '1-invoice.eml', class: 'urgent' },
      { file: '2-lunch.eml', class: 'normal' },
      { file: '3-prize.eml', class: 'junk' },
    ],
  });
});
