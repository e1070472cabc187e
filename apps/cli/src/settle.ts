import { type Json, json, type JsonObject, jsonObject } from '@holdfast/contracts';
import type { AttentionResource, DecideBody, Holdfast } from '@holdfast/sdk';
import { jsonText } from './commands/arguments.ts';
import type { Context } from './context.ts';
import { showAsked } from './decision-line.ts';
import { exitCodes, Failure } from './failure.ts';
import { type Output, show } from './output.ts';

/** What a person has said, one of them; `decide` takes each as an option. */
export interface Said {
  readonly approve?: boolean;
  readonly deny?: boolean;
  readonly change?: string;
  readonly answer?: string;
  readonly done?: string;
  readonly retry?: boolean;
  readonly fail?: boolean;
  readonly reuse?: boolean;
  readonly call?: boolean;
  readonly skip?: boolean;
  readonly raise?: number;
  readonly reason?: string;
  readonly hash?: string;
}

/**
 * Settles what `given` names, or the only thing of the run that waits, and tells what was recorded.
 * @throws Failure when nothing was said, or more than one thing, or something that the decision has no place for.
 */
export async function settle(context: Context, run: string, given: string | undefined, said: Said): Promise<void> {
  const { client, output } = context;
  const possible = [...decisionsIn(said)];
  if (possible.length === 0) await tellAsked(client(), output(), run);
  const decision = onlyOne(possible);
  refuseStray(decision, said);
  const item = given === undefined || 'answer' in decision ? await asked(client(), run, given) : null;
  const ref = given ?? item?.ref ?? '';
  if ('answer' in decision && said.answer !== undefined) decision.answer = answerFor(item, said.answer);
  const receipt = await client().attention.decide(run, ref, decision);
  show(output(), receipt, () => `${receipt.decision}: event ${receipt.seq} of ${receipt.run_id}`);
  const { json, err, program } = output();
  if (!json) err(`what follows: ${program} watch ${receipt.run_id} --after ${receipt.seq}`);
}

/** What could be decided, for whoever has not said it yet. */
async function tellAsked(client: Holdfast, output: Output, run: string): Promise<void> {
  const { items } = await client.attention.list({ run }).page();
  if (items.length === 0) throw new Failure(`Nothing of run ${run} waits for a person.`);
  output.err('The run waits for a person:');
  for (const item of items) showAsked(output, output.err, item);
}

/** What `ref` names; without it, the only thing that waits. @throws Failure when there are none, or several. */
async function asked(client: Holdfast, run: string, ref: string | undefined): Promise<AttentionResource | null> {
  const { items } = await client.attention.list({ run }).page();
  // A ref that is not open any more: the server says what became of it.
  if (ref !== undefined) return items.find((item) => item.ref === ref) ?? null;
  const [item] = items;
  if (item === undefined) throw new Failure(`Nothing of run ${run} waits for a person.`);
  if (items.length === 1) return item;
  const refs = items.map(({ ref, kind }) => `${ref} (${kind})`).join(', ');
  throw new Failure(`More than one thing of the run waits. Say which: ${refs}.`, exitCodes.usage);
}

/** A text needs no quotes: neither where the question asks for one, nor where it is no JSON. */
function answerFor(item: AttentionResource | null, given: string): Json {
  if (/^\s*["[{]/.test(given)) return jsonText(given, 'The answer');
  const schema = jsonObject.safeParse(item?.detail['schema']);
  if (schema.data?.['type'] === 'string') return given;
  try {
    return json.parse(JSON.parse(given));
  } catch {
    return given;
  }
}

function onlyOne(bodies: readonly DecideBody[]): DecideBody {
  const [body] = bodies;
  if (body === undefined || bodies.length > 1)
    throw new Failure(
      'Give exactly one of --approve, --deny, --change, --answer, --done, --retry, --fail, --reuse, --call, --skip, --raise.',
      exitCodes.usage,
    );
  return body;
}

/** What would be dropped without a word. */
function refuseStray({ decision }: DecideBody, { reason, hash }: Said): void {
  const isApproval = decision === 'approve' || decision === 'deny' || decision === 'change';
  if (hash !== undefined && !isApproval)
    throw new Failure(`--hash belongs to --approve, --deny and --change, not to --${decision}.`, exitCodes.usage);
  if (reason !== undefined && (decision === 'answer' || decision === 'raise'))
    throw new Failure(`--reason is not kept with --${decision}: leave it out.`, exitCodes.usage);
}

function* decisionsIn(said: Said): Generator<DecideBody> {
  const { reason, hash } = said;
  const because = reason === undefined ? {} : { reason };
  const note = reason === undefined ? {} : { note: reason };
  const bound = hash === undefined ? {} : { hash };
  if (said.approve === true) yield { decision: 'approve', ...bound, ...because };
  if (said.deny === true) yield { decision: 'deny', ...bound, ...because };
  if (said.change !== undefined)
    yield { decision: 'change', arguments: argumentsOf(said.change), ...bound, ...because };
  if (said.answer !== undefined) yield { decision: 'answer', answer: said.answer };
  if (said.done !== undefined) yield { decision: 'done', content: said.done, ...note };
  if (said.retry === true) yield { decision: 'retry', ...note };
  if (said.fail === true) yield { decision: 'fail', ...note };
  if (said.reuse === true) yield { decision: 'reuse', ...note };
  if (said.call === true) yield { decision: 'call', ...note };
  if (said.skip === true) yield { decision: 'skip', ...note };
  if (said.raise !== undefined) yield { decision: 'raise', to: said.raise };
}

function argumentsOf(text: string): JsonObject {
  const value = jsonObject.safeParse(jsonText(text, '--change'));
  if (value.success) return value.data;
  throw new Failure('--change takes the arguments as a JSON object.', exitCodes.usage);
}
