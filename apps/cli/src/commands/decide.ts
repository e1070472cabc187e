import { type Json, json, type JsonObject, jsonObject } from '@holdfast/contracts';
import type { AttentionResource, DecideBody, Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { showAsked } from '../decision-line.ts';
import { type Output, show } from '../output.ts';
import { integer, jsonText } from './arguments.ts';

interface Options {
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

export function decide(program: Command, { client, output }: Context): void {
  program
    .command('decide')
    .description('settle what waits for a person; see `attention`')
    .argument('<run>')
    .argument('[ref]', 'may be left out when one thing waits')
    .option('--approve', 'an approval: the call may be made')
    .option('--deny', 'an approval: it may not')
    .option('--change <json>', 'an approval: call with these arguments instead; a new approval is asked')
    .option('--answer <answer>', 'a question: the answer, as text or JSON')
    .option('--done <text>', 'an unknown effect: it took place, with this result')
    .option('--retry', 'call again')
    .option('--fail', 'give up; the model is told')
    .option('--reuse', "a duplicate after a fork: take the source's result")
    .option('--call', 'a duplicate after a fork: make the call again')
    .option('--skip', 'a duplicate after a fork: leave the call out')
    .option('--raise <n>', 'a limit: its new value', integer)
    .option('--hash <hash>', 'an approval: only for exactly these arguments')
    .option('--reason <text>', 'kept in the log')
    .action(async (run: string, given: string | undefined, options: Options) => {
      const said = [...possible(options)];
      if (said.length === 0) await tellAsked(client(), output(), run);
      const decision = onlyOne(said);
      const item = given === undefined || 'answer' in decision ? await asked(client(), run, given) : null;
      const ref = given ?? item?.ref ?? '';
      if ('answer' in decision && options.answer !== undefined) decision.answer = answerFor(item, options.answer);
      const receipt = await client().attention.decide(run, ref, decision);
      show(output(), receipt, () => `${receipt.decision}: event ${receipt.seq} of ${receipt.run_id}`);
      const { json, err, program: called } = output();
      if (!json) err(`what follows: ${called} watch ${receipt.run_id} --after ${receipt.seq}`);
    });
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
  if (/^\s*["[{]/.test(given)) return jsonText(given, '--answer');
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

function* possible(options: Options): Generator<DecideBody> {
  const { reason, hash } = options;
  const because = reason === undefined ? {} : { reason };
  const note = reason === undefined ? {} : { note: reason };
  const bound = hash === undefined ? {} : { hash };
  if (options.approve === true) yield { decision: 'approve', ...bound, ...because };
  if (options.deny === true) yield { decision: 'deny', ...bound, ...because };
  if (options.change !== undefined)
    yield { decision: 'change', arguments: argumentsOf(options.change), ...bound, ...because };
  if (options.answer !== undefined) yield { decision: 'answer', answer: options.answer };
  if (options.done !== undefined) yield { decision: 'done', content: options.done, ...note };
  if (options.retry === true) yield { decision: 'retry', ...note };
  if (options.fail === true) yield { decision: 'fail', ...note };
  if (options.reuse === true) yield { decision: 'reuse', ...note };
  if (options.call === true) yield { decision: 'call', ...note };
  if (options.skip === true) yield { decision: 'skip', ...note };
  if (options.raise !== undefined) yield { decision: 'raise', to: options.raise };
}

function argumentsOf(text: string): JsonObject {
  const value = jsonObject.safeParse(jsonText(text, '--change'));
  if (value.success) return value.data;
  throw new Failure('--change takes the arguments as a JSON object.', exitCodes.usage);
}
