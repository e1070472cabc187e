import type { BodyOf, Content } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { droppedBytes } from './context.ts';
import type { PromptMessage } from './prompt-message.ts';
import type { LiveRun, ModelCall, Turn } from './state.ts';

export type SummaryTurn = Extract<Turn, { at: 'summary' }>;

const instruction =
  'The conversation above grows too long and will be dropped. Write what of it is needed to go on: what was asked, ' +
  'what was done and found, decisions, names, numbers and open points, word for word where the wording matters. ' +
  'Call no tools. Answer with this summary and nothing else.';

/** What the request to summarise adds to the prompt. */
export const summaryRequest: Content = text(instruction);

/** What the model is shown to summarise: what never goes, what will be dropped, and what to do with it. */
export const summaryPrompt = (messages: readonly PromptMessage[], keptFrom: number): PromptMessage[] => [
  ...messages.filter(({ block }) => block < keptFrom),
  { role: 'user', block: keptFrom, content: summaryRequest },
];

/** How the model is shown the summary afterwards. */
export const summaryContent = (summary: Content): Content => [...text('Summary of what was said before:'), ...summary];

/** A summary is a call of its own, before the one that has no room yet. */
export const newSummary = (state: LiveRun): ModelCall => ({
  id: `s${state.summaries + 1}`,
  attempt: 0,
  burned: 0,
  failures: 0,
  phase: { is: 'ready' },
});

export function beginSummary(state: LiveRun, { data }: BodyOf<'model.called'>): LiveRun | string {
  const { turn } = state;
  if (turn.at !== 'model' || data.kept_from === undefined) return `no summary ${data.call} is wanted`;
  if (turn.call.phase.is === 'open') return `call ${turn.call.id} is under way`;
  const call = newSummary(state);
  if (call.id !== data.call) return `summary ${data.call} follows ${state.summaries} others`;
  return {
    ...state,
    summaries: state.summaries + 1,
    turn: { at: 'summary', call, keptFrom: data.kept_from, waiting: turn.call },
  };
}

/** The call that waited for room goes on. */
export const afterSummary = (state: LiveRun): LiveRun =>
  state.turn.at === 'summary' ? { ...state, turn: { at: 'model', call: state.turn.waiting } } : state;

/** What the answer to a summary call does: its words take the place of what is dropped; without words it is dropped. */
export function summarised(state: LiveRun, turn: SummaryTurn, content: Content): BodyOf<'context.compacted'> {
  if (content.every((part) => part.type === 'text' && part.text.trim() === '')) return droppedInstead(state, turn);
  const { keptFrom: kept_from } = turn;
  return {
    type: 'context.compacted',
    data: { rule: 'summary', kept_from, dropped_bytes: droppedBytes(state.context, kept_from), summary: content },
  };
}

/** No summary can be had. */
export const droppedInstead = (state: LiveRun, { keptFrom }: SummaryTurn): BodyOf<'context.compacted'> => ({
  type: 'context.compacted',
  data: { rule: 'last-turns', kept_from: keptFrom, dropped_bytes: droppedBytes(state.context, keptFrom) },
});

/** The first attempt of a summary: its call is not known yet. */
export const startsSummary = ({ turn }: LiveRun, { data }: BodyOf<'model.called'>): boolean =>
  data.purpose === 'summary' && turn.at !== 'summary' && data.attempt === 1;
