import type { Caller } from './caller.ts';
import { type SpeakPorts, speakToRun } from './speak.ts';

/** A paused run goes on. @throws HoldfastError `run_not_paused`, `run_ended`. */
export async function resume(ports: SpeakPorts, caller: Caller, run: string): Promise<void> {
  await speakToRun(ports, { tenant: caller.tenant, run }, (_state, at) => ({ type: 'resume', at, by: caller.by }));
}
