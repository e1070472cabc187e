import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import type { Docker } from './docker.ts';
import { stackState } from './stack-state.ts';
import { whatIsSick } from './wait-until-well.ts';

/**
 * Waits until Docker has looked at a part again: to it, one that was paused is unhealthy until its next check, and whatever
 * needs that part is not started. @throws Failure after `timeoutMs`.
 */
export async function untilWellAgain(docker: Docker, name: string, timeoutMs = 60_000, pauseMs = 500): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const states = await stackState(docker);
    if (states.find((each) => each.name === name)?.state === 'ok') return;
    if (Date.now() >= until) throw new Failure(await whatIsSick(docker, states));
    await sleep(pauseMs);
  }
}
