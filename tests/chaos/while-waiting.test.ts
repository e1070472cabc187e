import { expect, it } from 'vitest';
import { agent } from './harness/agents.ts';
import { Product } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { whole } from './share.ts';

onEachSetup('died while waiting', (fresh) => {
  it('nothing is lost: the timer, the question and the approval go on once, hints on or off', async () => {
    for (const hints of whole ? (['on', 'off'] as const) : (['off'] as const)) {
      const product = await Product.start({ ...(await fresh()), hints });
      try {
        await product.publish(agent('sleeper', [[{ tool: 'wait', args: { seconds: 2 } }, { tool: 'note' }]]));
        await product.publish(agent('asker', [[{ tool: 'ask', args: { question: 'Which colour?' } }]]));
        const sleeper = await product.client.runs.start({ agent: 'sleeper', input: 'go' });
        const asker = await product.client.runs.start({ agent: 'asker', input: 'go' });
        const { attention } = await product.settled(asker.id);
        expect(attention.map((item) => item.kind)).toEqual(['question']);
        for (let worker = 0; worker < product.workers.length; worker += 1) await product.killAndReplace(worker);
        // Committed while hints are off: only the sweep can find it.
        await product.client.attention.decide(asker.id, attention[0]?.ref ?? '', {
          decision: 'answer',
          answer: 'green',
        });
        expect(await product.ended(asker.id)).toBe('succeeded');
        expect(await product.ended(sleeper.id)).toBe('succeeded');
        const events = await product.events(sleeper.id);
        expect(events.filter((event) => event.type === 'wait.ended')).toHaveLength(1);
        expect(Math.max(...(await product.counter.timesByKey('note')).values())).toBeLessThanOrEqual(2);
      } finally {
        await product.stop();
      }
    }
  }, 180_000);
});
