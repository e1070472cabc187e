import type { Redis } from 'ioredis';
import { counting } from './rate-limiter.ts';

/** Does once all that is ever asked of the server, under names that begin with `prefix`. @throws what the server refuses. */
export async function tryRights(commands: Redis, subscriber: Redis, prefix: string): Promise<void> {
  const name = `${prefix}try`;
  await subscriber.subscribe(name);
  await subscriber.unsubscribe(name);
  await subscriber.ping();
  await commands.ping();
  await commands.publish(name, '');
  // The second time by the hash of the script.
  const counts = counting(commands);
  for (let time = 0; time < 2; time += 1) await counts.consume(name, 1, { customDuration: 1 });
}
