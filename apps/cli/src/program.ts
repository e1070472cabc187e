import { Command } from 'commander';
import { artifacts } from './commands/artifacts.ts';
import { attention } from './commands/attention.ts';
import { decide } from './commands/decide.ts';
import { init, migrateCommand } from './commands/init.ts';
import { messages } from './commands/messages.ts';
import { publish } from './commands/publish.ts';
import { run } from './commands/run.ts';
import { runs } from './commands/runs.ts';
import { steer } from './commands/steer.ts';
import { watch } from './commands/watch.ts';
import type { Context } from './context.ts';

const epilogue = `
HOLDFAST_URL and HOLDFAST_API_KEY say where and who; without them, .holdfast/cli.json, which npm start writes.
Exit codes: 0 done · 1 refused, or the run failed · 2 wrong usage · 3 the run waits for a person · 4 nobody answers.`;

/** All commands; `--json` may stand anywhere. */
export function makeProgram(context: Context): Command {
  const program = new Command('holdfast')
    .description('Durable runs for AI agents.')
    .option('--json', "print the API's own JSON; one object a line for events")
    .addHelpText('after', epilogue)
    .showHelpAfterError()
    .exitOverride();
  for (const add of [publish, run, watch, runs, attention, decide, messages, steer, artifacts, init, migrateCommand])
    add(program, context);
  inherit(program);
  return program;
}

/** Options and exits of the program also for its commands. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.option('--json');
    inherit(child);
  }
}
