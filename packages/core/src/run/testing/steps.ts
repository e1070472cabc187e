import type { Actor, AgentVersion, DataOf, EventType, JsonObject, MessageMode } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { type Attention, attentionOf } from '../attention.ts';
import { type LiveRun, modelCallOf, type ModelPhase, type ToolCall, type ToolPhase } from '../state.ts';
import { person, Simulation } from './simulation.suite.ts';
import { version } from './versions.ts';

/** A run that a worker has claimed; its first model call is under way. */
export function started(over: Partial<AgentVersion> = {}, input = 'hello'): Simulation {
  const sim = new Simulation(version(over), input);
  sim.claim();
  return sim;
}

type Wanted = string | readonly [name: string, args: JsonObject];

/** The model asks for these tool calls; returns their ids. */
export function asks(sim: Simulation, ...wanted: readonly Wanted[]): string[] {
  modelAnswers(
    sim,
    wanted.map((want, index) => {
      const [name, args] = typeof want === 'string' ? [want, {}] : want;
      return { id: `c${index}`, name, arguments: args };
    }),
  );
  const seq = sim.events.findLast((event) => event.type === 'model.answered')?.seq;
  return wanted.map((_, index) => `${seq}.${index}`);
}

/** The model asks for one tool call; returns its id. */
export function asksFor(sim: Simulation, name: string, args: JsonObject = {}): string {
  const [call] = asks(sim, [name, args]);
  if (call === undefined) throw new Error('nothing was asked for');
  return call;
}

/** The model answers without tool calls: the turn ends. */
export const concludes = (sim: Simulation, answer = 'done'): void => modelAnswers(sim, [], answer);

function modelAnswers(
  sim: Simulation,
  toolCalls: readonly { id: string; name: string; arguments: JsonObject }[],
  answer?: string,
): void {
  sim.do({
    type: 'model_answered',
    ...openModel(sim),
    content: answer === undefined ? [] : text(answer),
    toolCalls,
    usage: { input_tokens: 10, output_tokens: 5 },
    finishReason: toolCalls.length === 0 ? 'stop' : 'tool_calls',
    model: 'rehearsal',
  });
}

/** The model call under way. */
export function openModel(sim: Simulation): { call: string; attempt: number } {
  const { turn } = live(sim);
  const call = modelCallOf(turn);
  if (call?.phase.is !== 'open') throw new Error(`no model call is under way: ${turn.at}`);
  return { call: call.id, attempt: call.attempt };
}

/** The newest attempt of a tool call answers. */
export const answers = (sim: Simulation, call: string, result = 'ok'): boolean =>
  sim.do({ type: 'tool_answered', call, attempt: toolCall(sim, call).attempt, content: text(result), isError: false });

export const timesOut = (sim: Simulation, call: string): boolean =>
  sim.do({ type: 'tool_no_answer', call, attempt: toolCall(sim, call).attempt, message: 'time-out' });

export const isNotSent = (sim: Simulation, call: string): boolean =>
  sim.do({ type: 'tool_not_sent', call, attempt: toolCall(sim, call).attempt, message: 'refused' });

/** The worker dies; another takes over. `leaseMs`: how long the old lease still lasts. */
export const crashes = (sim: Simulation, leaseMs = 0): boolean =>
  sim.do({ type: 'take_over', worker: 'w2', from: 'w1', why: 'lease-expired', lease_until: sim.now + leaseMs });

let messages = 0;

/** Somebody sends a message; the holder looks up. */
export function speaks(sim: Simulation, mode: MessageMode, words = 'hey'): string {
  const id = `018f0000-0000-7000-9000-${String((messages += 1)).padStart(12, '0')}`;
  sim.say({ type: 'send_message', id, mode, content: text(words), by: person });
  sim.look();
  return id;
}

export function live(sim: Simulation): LiveRun {
  const { state } = sim.run;
  if (state.phase !== 'live') throw new Error(`the run is ${state.phase}`);
  return state;
}

export function toolCall(sim: Simulation, id: string): ToolCall {
  const { turn } = live(sim);
  const call = turn.at === 'tools' ? turn.calls.find((each) => each.id === id) : undefined;
  if (call === undefined) throw new Error(`there is no tool call ${id}`);
  return call;
}

export const phaseOf = (sim: Simulation, id: string): ToolPhase['is'] => toolCall(sim, id).phase.is;

export function modelPhase(sim: Simulation): ModelPhase['is'] {
  const { turn } = live(sim);
  if (turn.at !== 'model') throw new Error(`the turn is at ${turn.at}`);
  return turn.call.phase.is;
}

/** `live`, or how the run ended. */
export const endOf = (sim: Simulation): string =>
  sim.run.state.phase === 'ended' ? sim.run.state.status : sim.run.state.phase;

/** Types of the events that the act leads to. */
export function during(sim: Simulation, act: () => unknown): string[] {
  const before = sim.events.length;
  act();
  return sim.types().slice(before);
}

export const allOf = <T extends EventType>(sim: Simulation, type: T): DataOf<T>[] =>
  sim.events.flatMap((event) => (event.type === type ? [event.data as DataOf<T>] : []));

/** Facts of the newest event of that type. */
export function lastOf<T extends EventType>(sim: Simulation, type: T): DataOf<T> {
  const data = allOf(sim, type).at(-1);
  if (data === undefined) throw new Error(`no ${type} in the log`);
  return data;
}

export const attention = (sim: Simulation): Attention['kind'][] => attentionOf(sim.run.state).map(({ kind }) => kind);

export const withRoles = (...roles: Actor['roles']): Actor => ({ type: 'api-key', id: 'k2', roles });

/** What the model is shown, one line for each message. */
export const shown = (sim: Simulation): string[] =>
  sim.run.transcript.messages.map((message) => {
    if (message.role === 'system') return `system: ${message.text}`;
    return `${message.role}: ${message.content.map((part) => (part.type === 'text' ? part.text : part.type)).join()}`;
  });
