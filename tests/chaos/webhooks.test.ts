import { verifyWebhook, type WebhookMessage } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import { startReceiver } from '../e2e/support/receiver.ts';
import { agent } from './harness/agents.ts';
import type { KillSpec } from './harness/kill-points.ts';
import { Product, until } from './harness/product.ts';
import { onEachSetup } from './on-each-setup.ts';
import { seed } from './share.ts';

const RUNS = 5;

type Event = WebhookMessage['data']['event'];
/** Those that came right after themselves. */
const repeated = (events: readonly Event[]): Event[] =>
  events.filter(({ seq }, index) => seq === events[index - 1]?.seq);

/** And whether the event that was on its way comes twice. */
const deaths: readonly (readonly [string, Omit<KillSpec, 'token'>, boolean])[] = [
  ['before an event is sent', { at: 'before-message', event: 'tool.called' }, false],
  ['after it was taken, before that was noted', { at: 'after-message', event: 'tool.called' }, true],
  ['right after that was noted', { at: 'after-message-noted', event: 'tool.called' }, false],
  ['before the last event is sent', { at: 'before-message', event: 'run.succeeded' }, false],
  ['after the last event was taken', { at: 'after-message', event: 'run.succeeded' }, true],
  ['after the append that made it due', { at: 'after-append', event: 'tool.returned' }, false],
];

onEachSetup(`a webhook (seed ${seed})`, (fresh, share) => {
  it.each(share(deaths))(
    'is told of each event, signed, in the order of its run, when a worker dies %s',
    async (_when, kill, twice) => {
      const receiver = await startReceiver();
      // It fails at first.
      let failing = 2;
      receiver.answer = () => ({ status: (failing -= 1) >= 0 ? 503 : 204 });
      const product = await Product.start({
        ...(await fresh()),
        kill,
        environment: { OUTBOUND_ALLOW: receiver.host },
      });
      try {
        const { secret } = await product.client.webhooks.create({ url: receiver.url, events: ['all'] });
        await product.publish(agent('noter', [[{ tool: 'note' }], [{ tool: 'note' }]]));
        const bodies = Array.from({ length: RUNS }, (_, index) => ({ agent: 'noter', input: `${index}` }));
        // On PGlite the API dies with the worker, and may do so before all are started.
        const [runs] = await Promise.all([product.started(bodies), product.died()]);
        for (const run of runs) expect(await product.ended(run)).toBe('succeeded');

        const taken = (run: string): Event[] =>
          receiver.received
            .filter(({ status }) => status === 204)
            .map(({ body }) => (JSON.parse(body) as WebhookMessage).data.event)
            .filter(({ run_id }) => run_id === run);
        if (twice)
          await until(`an event of type ${kill.event} to come twice`, 60_000, () =>
            Promise.resolve(runs.some((run) => repeated(taken(run)).some(({ type }) => type === kill.event)) || null),
          );
        for (const run of runs) {
          const events = await product.events(run);
          await until(`the receiver to hear of the end of ${run}`, 60_000, () =>
            Promise.resolve(taken(run).at(-1)?.seq === events.length || null),
          );
          // What was on its way may come again, right after it came, and never after a later one.
          const came = taken(run);
          const again = repeated(came);
          expect(again.length).toBeLessThanOrEqual(1);
          expect(came.filter((event) => !again.includes(event))).toEqual(events);
        }
        for (const { body, headers } of receiver.received) await verifyWebhook({ body, headers, secret });
      } finally {
        await product.stop();
        await receiver.close();
      }
    },
    120_000,
  );
});
