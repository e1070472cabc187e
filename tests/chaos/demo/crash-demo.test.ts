import { expect, it } from 'vitest';
import { onEachSetup } from '../on-each-setup.ts';
import { seed, whole } from '../share.ts';
import { brokenPromises, crashDemo } from './crash-demo.ts';

onEachSetup('random kills', (fresh) => {
  it(`lose nothing and double no once effect (seed ${seed})`, async () => {
    const figures = await crashDemo({
      ...(await fresh()),
      runs: whole ? 100 : 10,
      kills: whole ? 5 : 2,
      seed,
      say: () => undefined,
    });
    expect(brokenPromises(figures), JSON.stringify({ ...figures, seed })).toEqual([]);
    expect(figures.resumeMs.length).toBeGreaterThan(0);
  }, 400_000);
});
