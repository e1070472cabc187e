import { expect, it } from 'vitest';
import { onEachDatabase } from '../on-each-database.ts';
import { brokenPromises, crashDemo } from './crash-demo.ts';

const whole = process.env['HOLDFAST_LONG'] === '1';
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000);

onEachDatabase('random kills', (fresh) => {
  it(`lose nothing and double no once effect (seed ${seed})`, async () => {
    const figures = await crashDemo({
      postgres: await fresh(),
      runs: whole ? 100 : 20,
      kills: whole ? 5 : 2,
      seed,
      say: () => undefined,
    });
    expect(brokenPromises(figures), JSON.stringify({ ...figures, seed })).toEqual([]);
    expect(figures.resumeMs.length).toBeGreaterThan(0);
  }, 400_000);
});
