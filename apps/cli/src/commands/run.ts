import type { StartRunBody } from '@holdfast/contracts';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { follow } from '../follow.ts';
import { showJson } from '../output.ts';
import { integer } from './arguments.ts';

interface Options {
  readonly version?: number;
  readonly alias?: string;
  readonly detach?: boolean;
  readonly metadata?: string[];
  readonly inputJson?: boolean;
}

export function run(program: Command, { client, output, exit }: Context): void {
  program
    .command('run')
    .description('start a run and show its events until it ends or waits for a person')
    .argument('<agent>')
    .argument('[input]', 'text for the agent')
    .option('--version <n>', 'this version instead of the latest', integer)
    .option('--alias <name>', 'the version of this alias')
    .option('--input-json', 'the input is JSON')
    .option('--metadata <key=value...>', 'kept with the run')
    .option('--detach', 'do not wait: show the run and return')
    .action(async (agent: string, input: string | undefined, options: Options) => {
      const body: StartRunBody = {
        agent,
        ...(options.version === undefined ? {} : { version: options.version }),
        ...(options.alias === undefined ? {} : { alias: options.alias }),
        ...(input === undefined ? {} : { input: options.inputJson === true ? parse(input) : input }),
        ...(options.metadata === undefined ? {} : { metadata: Object.fromEntries(options.metadata.map(pair)) }),
      };
      const started = await client().startRun(body);
      if (options.detach === true) {
        if (output().json) showJson(output(), started);
        else output().out(started.id);
        return;
      }
      if (!output().json) output().err(`run ${started.id}`);
      exit(await follow(client(), output(), started.id, 0, true));
    });
}

function parse(text: string): StartRunBody['input'] {
  try {
    return JSON.parse(text) as StartRunBody['input'];
  } catch {
    throw new Failure('The input is not JSON. Leave out --input-json to send it as text.');
  }
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Failure(`--metadata takes key=value, not ${text}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
