import type { Caller } from './caller.ts';
import { type SpeakPorts, speakToRun } from './speak.ts';

/** Nothing new begins; calls under way end and are recorded. @throws HoldfastError `run_already_paused`, `run_ended`. */
export async function pause(ports: SpeakPorts, caller: Caller, run: string, reason?: string): Promise<void> {
  await speakToRun(ports, { tenant: caller.tenant, run }, (_state, at) => ({
    type: 'pause',
    at,
    by: caller.by,
    ...(reason === undefined ? {} : { reason }),
  }));
}
