import type { Caller } from './caller.ts';
import { type SpeakPorts, speakToRun } from './speak.ts';

/** Asks the run to end: what may be aborted is, begun `once` calls get their grace. @throws HoldfastError `run_ended`, `run_stopping`. */
export async function cancel(ports: SpeakPorts, caller: Caller, run: string, reason?: string): Promise<void> {
  await speakToRun(ports, { tenant: caller.tenant, run }, (_state, at) => ({
    type: 'cancel',
    at,
    by: caller.by,
    ...(reason === undefined ? {} : { reason }),
  }));
}
