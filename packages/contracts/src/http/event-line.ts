import type { WireEvent } from '../event/event.ts';

/** How a line is meant, for whoever colours it. */
export type Tone = 'quiet' | 'model' | 'tool' | 'people' | 'good' | 'bad';

export interface EventLine {
  readonly tone: Tone;
  readonly text: string;
}

type Data = WireEvent['data'];
type Line = (data: Data) => EventLine;

const line =
  (tone: Tone, text: (data: Data) => string): Line =>
  (data) => ({ tone, text: text(data) });

/** One short line for people; the facts stand in the event itself. */
const lines: Readonly<Record<WireEvent['type'], Line>> = {
  'run.created': line('quiet', (data) => `created: ${str(data['agent'])} v${str(data['version'])}`),
  'run.admitted': line('quiet', () => 'admitted'),
  'run.forked': line('people', (data) => `forked from ${str(data['from'])} after event ${str(data['seq'])}`),
  'run.claimed': line('quiet', (data) => `claimed by worker ${short(data['worker'])}`),
  'run.taken_over': line('bad', (data) => `taken over from ${short(data['from'])} (${str(data['why'])})`),
  'run.paused': line('people', (data) => `paused${because(data)}`),
  'run.resumed': line('people', () => 'resumed'),
  'run.cancel_requested': line('people', (data) => `cancel asked for${because(data)}`),
  'run.succeeded': line('good', (data) => `succeeded: ${content(data['output'])}`),
  'run.failed': line('bad', (data) => `failed (${str(data['code'])}): ${str(data['detail'])}`),
  'run.cancelled': line('bad', () => 'cancelled'),
  'log.went_back': line('bad', () => 'the database lost acknowledged events'),
  'run.restored': line('bad', () => 'the database was restored from an earlier moment'),
  'engine.lost': line('bad', (data) =>
    data['restarted'] === true
      ? `its workflow was ended in Temporal (${str(data['how'])}); it goes on in a new one`
      : `its workflow was ended in Temporal again (${str(data['how'])}); a person is asked`,
  ),
  'engine.resumed': line('people', () => 'goes on in a new workflow'),
  'model.called': line(
    'quiet',
    (data) =>
      `asking the model ${str(data['model'])}${data['purpose'] === 'summary' ? ' for a summary' : ''}${attempt(data)}`,
  ),
  'model.answered': answered,
  'answer.rejected': line('bad', (data) => `the answer does not fit its schema: ${clip(str(data['problem']))}`),
  'model.interrupted': line('model', (data) => `interrupted (${str(data['why'])}): ${content(data['content'])}`),
  'model.failed': line('bad', (data) => `model call failed (${str(data['class'])}): ${str(data['message'])}`),
  'tool.called': line('tool', (data) => `${str(data['name'])} called (${str(data['effect'])})${attempt(data)}`),
  'tool.returned': line('tool', (data) =>
    data['is_error'] === true ? `error: ${content(data['content'])}` : `returned ${content(data['content'])}`,
  ),
  'tool.failed': line('bad', (data) => `tool call failed (${str(data['class'])}): ${str(data['message'])}`),
  'tool.unknown': line('bad', (data) => `nobody knows whether the call had its effect: ${str(data['why'])}`),
  'tool.resolved': line('people', (data) => `effect resolved: ${str(data['how'])}`),
  'tool.late_result': line('quiet', () => 'a late result was kept as evidence'),
  'tool.changed': line('bad', () => 'the tool is no longer the one that was published; not called'),
  'tool.not_run': line('quiet', (data) => `not run (${str(data['why'])}): ${str(data['message'])}`),
  'child.started': line(
    'tool',
    (data) => `${str(data['agent'])} v${str(data['version'])} started: run ${short(data['run'])}`,
  ),
  'child.ended': line('tool', (data) =>
    data['status'] === 'succeeded'
      ? `run ${short(data['run'])} answered ${content(data['output'])}`
      : `run ${short(data['run'])} ${str(data['status'])}`,
  ),
  'wait.began': line('quiet', (data) => `waiting until ${time(data['until'])}`),
  'wait.ended': line('quiet', (data) => `wait ended by ${str(data['by'])}`),
  'message.received': line('people', (data) => `message (${str(data['mode'])}): ${content(data['content'])}`),
  'message.delivered': line('people', () => 'message delivered to the model'),
  'approval.asked': line(
    'people',
    (data) =>
      `approval asked of ${data['role'] === null ? 'those named' : str(data['role'])}, call ${str(data['call'])}`,
  ),
  'approval.given': line('people', (data) => `one more has agreed to call ${str(data['call'])}${because(data)}`),
  'approval.decided': line('people', (data) => `${str(data['decision'])}${because(data)}`),
  'approval.changed': line('people', (data) => `arguments of call ${str(data['call'])} changed${because(data)}`),
  'question.asked': line('people', (data) => `question: ${clip(str(data['question']))}`),
  'question.answered': line('people', (data) => `answer: ${clip(JSON.stringify(data['answer']) ?? '')}`),
  'duplicate.found': line('people', (data) => `call ${str(data['call'])} was made before this fork; make it again?`),
  'duplicate.decided': line('people', (data) => `duplicate: ${str(data['decision'])}`),
  'context.compacted': line('quiet', (data) =>
    data['rule'] === 'summary' ? 'oldest turns summarised' : 'oldest turns dropped from the context',
  ),
  'limit.reached': line('bad', (data) => `limit reached: ${str(data['limit'])} = ${str(data['limit_value'])}`),
  'limit.raised': line('people', (data) => `limit ${str(data['limit'])} raised to ${str(data['to'])}`),
  'budget.applied': line('quiet', () => 'a budget counts for this run'),
  'budget.lifted': line('quiet', () => 'no budget counts for this run any more'),
  'allowance.taken': line(
    'quiet',
    (data) => `allowance taken: ${str(data['tokens'])} tokens, ${str(data['cost_usd_micros'])} micro-dollars`,
  ),
  'allowance.returned': line(
    'quiet',
    (data) => `allowance returned: ${str(data['spent_tokens'])} of ${str(data['tokens'])} tokens spent`,
  ),
  'budget.noticed': line('bad', (data) => `${budget(data)} has passed ${str(data['percent'])} %: ${ofLimit(data)}`),
  'budget.reached': line('bad', (data) =>
    data['why'] === 'unpriced'
      ? `${budget(data)} counts money, and the model has no price`
      : `${budget(data)} is used up: ${ofLimit(data)}, ${str(data['needed'])} needed`,
  ),
  'attempt.scheduled': line('quiet', (data) => `attempt ${str(data['attempt'])} at ${time(data['at'])}`),
};

export const eventLine = ({ type, data }: Pick<WireEvent, 'type' | 'data'>): EventLine =>
  'payload_ref' in data ? { tone: lines[type]({}).tone, text: '(large; see the artifact)' } : lines[type](data);

function answered(data: Data): EventLine {
  const calls = Array.isArray(data['tool_calls']) ? data['tool_calls'].map(callText) : [];
  const said = content(data['content']);
  if (data['purpose'] === 'summary') return { tone: 'quiet', text: `summary: ${said}` };
  return { tone: 'model', text: [...(said === '' ? [] : [said]), ...calls.map((call) => `→ ${call}`)].join('  ') };
}

function callText(call: unknown): string {
  if (typeof call !== 'object' || call === null || !('name' in call)) return '?';
  const args = 'arguments' in call ? JSON.stringify(call.arguments) : '';
  return `${str(call.name)} ${clip(args, 80)}`;
}

function content(parts: unknown): string {
  if (!Array.isArray(parts)) return '';
  return clip(parts.map(partText).join(' '));
}

function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return '';
  if ('text' in part) return str(part.text);
  return 'name' in part ? `[${str(part.name)}]` : '[file]';
}

/** One line, however long the text was. */
function clip(text: string, most = 160): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= most ? flat : `${flat.slice(0, most - 1)}…`;
}

const str = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '?');
const ofLimit = (data: Data): string => `${str(data['used'])} of ${str(data['limit_value'])} ${str(data['limit'])}`;
const budget = ({ window }: Data): string => `the budget ${str((window as Data | undefined)?.['name'])}`;
const short = (value: unknown): string => str(value).slice(-8);
const because = (data: Data): string => (typeof data['reason'] === 'string' ? `: ${clip(data['reason'])}` : '');
const attempt = (data: Data): string => (data['attempt'] === 1 ? '' : `, attempt ${str(data['attempt'])}`);
const time = (value: unknown): string => (typeof value === 'number' ? new Date(value).toISOString() : '?');
