import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sample, startSample } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await startSample('long-watcher', 'samples/long-watcher');
});
afterAll(() => sample.close());

const DAY_MS = 86_400_000;

// The embedded database is in this process: its now() is this process's Date too. Timers stay real.
test('it sleeps four days, and asks when the file has changed', async () => {
  vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
  try {
    const { runs, folder } = sample;
    const watched = join(folder, 'status.txt');
    const run = await runs.start('long-watcher', { input: { file: watched } });
    const approve = async (): Promise<void> => {
      await runs.until(async () => (await runs.attention()).length === 1);
      const [asked = {}] = await runs.attention();
      await runs.decide(run, String(asked['ref']), { decision: 'approve' });
    };
    for (let day = 1; day <= 4; day += 1) {
      await runs.until(async () => (await runs.of(run, 'wait.began')).length === day);
      // Day 3 finds it changed.
      if (day === 3) writeFileSync(watched, 'State: closed\n');
      expect(await runs.attention()).toEqual([]);
      vi.setSystemTime(Date.now() + DAY_MS);
      if (day >= 3) await approve();
    }
    await runs.becomes(run, 'succeeded');
    expect(await runs.of(run, 'approval.asked')).toHaveLength(2);
    expect(await sample.file(run, 'seen.txt')).toBe('State: closed\n');
  } finally {
    vi.useRealTimers();
  }
});
