import { randomBytes } from 'node:crypto';
import { type ModelDelta, modelDelta } from '@holdfast/contracts';
import { type Deltas, LocalDeltas, type RunRef } from '@holdfast/core';
import type { RedisLink, RedisMetrics } from './redis-link.ts';

/** Pieces whose answer is awaited. What comes on top is left out, so that a slow server does not fill the memory. */
const MOST_UNDER_WAY = 1_000;

interface Channel {
  listeners: number;
  readonly leave: () => void;
}

/** Words of models for listeners in all processes, on one channel for each run. In this process they need no server. */
export class RedisDeltas implements Deltas {
  readonly #link: RedisLink;
  readonly #metrics: Pick<RedisMetrics, 'deltaLost'>;
  readonly #here = new LocalDeltas();
  readonly #channels = new Map<string, Channel>();
  readonly #me = randomBytes(4).toString('hex');
  #underWay = 0;

  constructor(link: RedisLink, metrics: Pick<RedisMetrics, 'deltaLost'>) {
    this.#link = link;
    this.#metrics = metrics;
  }

  publish(ref: RunRef, delta: ModelDelta): void {
    this.#here.publish(ref, delta);
    if (this.#link.up && this.#underWay < MOST_UNDER_WAY) void this.#send(ref, delta);
    else this.#metrics.deltaLost();
  }

  subscribe(ref: RunRef, listen: (delta: ModelDelta) => void): () => void {
    const leaveHere = this.#here.subscribe(ref, listen);
    const name = channelOf(ref);
    const channel = this.#channels.get(name) ?? {
      listeners: 0,
      leave: this.#link.subscribe(name, (message) => this.#hear(ref, message)),
    };
    channel.listeners += 1;
    this.#channels.set(name, channel);
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      leaveHere();
      channel.listeners -= 1;
      if (channel.listeners > 0) return;
      channel.leave();
      this.#channels.delete(name);
    };
  }

  async #send(ref: RunRef, delta: ModelDelta): Promise<void> {
    this.#underWay += 1;
    try {
      await this.#link.publish(channelOf(ref), `${this.#me} ${JSON.stringify(delta)}`);
    } catch {
      this.#metrics.deltaLost();
    } finally {
      this.#underWay -= 1;
    }
  }

  #hear(ref: RunRef, message: string): void {
    const [from = ''] = message.split(' ', 1);
    if (from === this.#me) return;
    const delta = modelDelta.safeParse(parsed(message.slice(from.length)));
    // What another release says is lost, as any piece may be.
    if (delta.success && delta.data.run_id === ref.run) this.#here.publish(ref, delta.data);
  }
}

const channelOf = ({ tenant, run }: RunRef): string => `deltas:${tenant}:${run}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
