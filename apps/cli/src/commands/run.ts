import { onBusy } from '@holdfast/contracts';
import type { StartRunBody } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { follow, tellEnd } from '../follow.ts';
import { show, showJson } from '../output.ts';
import { uploadFile } from '../upload-file.ts';
import { defined, integer, jsonText, number, pairs, readText } from './arguments.ts';

interface Options {
  readonly version?: number;
  readonly alias?: string;
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly metadata?: string[];
  readonly tag?: string[];
  readonly inputJson?: boolean;
  readonly inputFile?: string;
  readonly file?: string[];
  readonly thread?: string;
  readonly onBusy?: string;
  readonly startAt?: string;
  readonly expiresIn?: string;
  readonly concurrencyKey?: string;
  readonly priority?: number;
  readonly steps?: number;
  readonly tokens?: number;
  readonly costUsd?: number;
  readonly deadline?: string;
  readonly idempotencyKey?: string;
}

export function run(program: Command, { client, output, exit }: Context): void {
  program
    .command('run')
    .description('start a run and show its events until it ends or waits for a person')
    .argument('<agent>')
    .argument('[input]', 'text for the agent')
    .option('--version <n>', 'this version instead of the latest', integer)
    .option('--alias <name>', 'a version that this alias stands for')
    .option('--input-json', 'the input is JSON')
    .option('--input-file <file>', 'the input is in this file; - = standard input')
    .option('--file <path...>', 'uploads these files, which the run can then read')
    .option('--metadata <key=value...>', 'kept with the run')
    .option('--tag <tag...>', 'to find the run by')
    .option('--thread <thread>', 'the conversation that the run continues')
    .addOption(new Option('--on-busy <what>', 'when the thread has an active run').choices([...onBusy.options]))
    .option('--start-at <time>', 'not before this time, such as 2030-01-31T09:00:00Z')
    .option('--expires-in <duration>', 'fails when no worker began it within this time, such as 1h')
    .option('--concurrency-key <key>', 'runs of one key are at work one at a time')
    .option('--priority <n>', 'higher goes first, within the tenant', number)
    .option('--steps <n>', 'at most so many model and tool calls', integer)
    .option('--tokens <n>', 'at most so many tokens', integer)
    .option('--cost-usd <dollars>', 'at most so much money', number)
    .option('--deadline <duration>', 'ends the run after this time')
    .option('--idempotency-key <key>', 'the same key within 24 hours gives the same run')
    .option('--wait', 'show the end only: the answer, or with --json the run; waits for people too')
    .option('--detach', 'do not wait: show the run and return')
    .action(async (agent: string, input: string | undefined, options: Options) => {
      const { idempotencyKey } = options;
      if (idempotencyKey !== undefined && options.file !== undefined)
        throw new Failure(
          '--idempotency-key does not go with --file: each upload is another one, and so is the run.',
          exitCodes.usage,
        );
      const files: string[] = [];
      for (const path of options.file ?? []) files.push(await uploadFile(client(), path));
      const body = { ...bodyOf(agent, input, options), ...(files.length === 0 ? {} : { files }) };
      const started = await client().runs.start(body, { idempotencyKey });
      if (options.detach === true) return show(output(), started, () => started.id);
      if (options.wait === true) {
        if (!output().json) output().err(`run ${started.id}`);
        for await (const _event of client().runs.events(started.id)) continue;
        const ended = await client().runs.get(started.id);
        if (output().json) showJson(output(), ended);
        return exit(tellEnd(output(), ended));
      }
      if (!output().json) output().err(`run ${started.id}`);
      exit(await follow(client(), output(), started.id, { after: 0, stopAtWaits: true }));
    });
}

function bodyOf(agent: string, input: string | undefined, options: Options): StartRunBody {
  const given = options.inputFile === undefined ? input : readText(options.inputFile);
  const limits = defined({
    steps: options.steps,
    tokens: options.tokens,
    cost_usd: options.costUsd,
    deadline: options.deadline,
  });
  return {
    agent,
    ...defined({
      version: options.version,
      alias: options.alias,
      input: given !== undefined && options.inputJson === true ? jsonText(given, 'The input') : given,
      metadata: options.metadata === undefined ? undefined : pairs(options.metadata, '--metadata'),
      tags: options.tag,
      thread: options.thread,
      on_busy: options.onBusy === undefined ? undefined : onBusy.parse(options.onBusy),
      start_at: options.startAt,
      expires_in: options.expiresIn,
      concurrency_key: options.concurrencyKey,
      priority: options.priority,
      limits: Object.keys(limits).length === 0 ? undefined : limits,
    }),
  };
}
