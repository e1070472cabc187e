import type { BodyOf } from '@holdfast/contracts';
import type { CommandOf } from './command.ts';
import { events, type Handled, refuse } from './handled.ts';
import type { Engine, LiveRun } from './state.ts';

// An engine that carries runs for us (Temporal) holds an execution of each. Somebody may end it there, past Holdfast.

export const unlost: Engine = { lost: [], settled: null, problem: null };

/** The first time the run goes on in a new execution; then it is taken as meant, and a person is asked. */
export function engineLost(state: LiveRun, { execution, how }: CommandOf<'engine_lost'>): Handled {
  const { lost, settled } = state.engine;
  if (execution === settled || lost.includes(execution))
    return refuse('stale_result', `That execution ${execution} has ended is known.`);
  return events({ type: 'engine.lost', data: { execution, how, restarted: lost.length === 0 } });
}

export function resumeEngine(state: LiveRun, { by, note }: CommandOf<'resume_engine'>): Handled {
  if (state.engine.problem === null) return refuse('call_not_open', 'The engine carries this run; nothing waits.');
  return events({ type: 'engine.resumed', data: { by, ...(note === undefined ? {} : { note }) } });
}

export function lostEngine(state: LiveRun, { data }: BodyOf<'engine.lost'>, at: number): LiveRun {
  const { execution, how, restarted } = data;
  const problem = restarted ? state.engine.problem : { execution, how, since: at };
  return { ...state, engine: { ...state.engine, lost: [...state.engine.lost, execution], problem } };
}

export const resumedEngine = (state: LiveRun): LiveRun => ({
  ...state,
  engine: { ...unlost, settled: state.engine.problem?.execution ?? state.engine.settled },
});

/** Nothing begins until a person has looked. */
export const isHalted = ({ paused, problem, engine }: LiveRun): boolean =>
  paused !== false || problem !== null || engine.problem !== null;
