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
  await counting(commands).consume(name, 1, { customDuration: 1 });
}
