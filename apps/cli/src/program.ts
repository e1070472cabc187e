import { Command } from 'commander';
import { agents } from './commands/agents.ts';
import { artifacts } from './commands/artifacts.ts';
import { attention } from './commands/attention.ts';
import { audit } from './commands/audit.ts';
import { budgets } from './commands/budgets.ts';
import { completion } from './commands/completion.ts';
import { decide } from './commands/decide.ts';
import { diff } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { init, migrateCommand } from './commands/init.ts';
import { limits } from './commands/limits.ts';
import { login, logout, whoami } from './commands/login.ts';
import { keys } from './commands/keys.ts';
import { members } from './commands/members.ts';
import { messages } from './commands/messages.ts';
import { models } from './commands/models.ts';
import { publish } from './commands/publish.ts';
import { retention } from './commands/retention.ts';
import { run } from './commands/run.ts';
import { runs } from './commands/runs.ts';
import { schedules } from './commands/schedules.ts';
import { secrets } from './commands/secrets.ts';
import { stack } from './commands/stack.ts';
import { operations, steer } from './commands/steer.ts';
import { tenants } from './commands/tenants.ts';
import { threads } from './commands/threads.ts';
import { tools } from './commands/tools.ts';
import { usage } from './commands/usage.ts';
import { watch } from './commands/watch.ts';
import { webhooks } from './commands/webhooks.ts';
import type { Context } from './context.ts';

export const exitCodesText =
  'Exit codes: 0 done · 1 refused, or the run failed, a check failed, specs differ · 2 wrong usage · 3 the run waits for a person · 4 nobody answers.';

export const settingsText =
  'HOLDFAST_URL and HOLDFAST_API_KEY (or HOLDFAST_TOKEN, an access token) say where and who; without them, what holdfast login has stored, then .holdfast/cli.json, which npm start writes. HOLDFAST_TENANT chooses among several tenants. NO_COLOR turns colours off.';

const commands = [
  publish,
  diff,
  agents,
  run,
  watch,
  runs,
  threads,
  schedules,
  attention,
  decide,
  messages,
  ...operations.map((operation) => (program: Command, context: Context) => steer(program, context, operation)),
  artifacts,
  tools,
  models,
  secrets,
  keys,
  members,
  login,
  logout,
  whoami,
  webhooks,
  budgets,
  usage,
  audit,
  retention,
  doctor,
  init,
  limits,
  migrateCommand,
  tenants,
  stack,
];

/** All commands; `--json` may stand anywhere. */
export function makeProgram(context: Context): Command {
  const program = new Command('holdfast')
    .description('Durable runs for AI agents.')
    .option('--json', "print the API's own JSON; one object a line for events")
    .addHelpText('after', `\n${settingsText}\n${exitCodesText}`)
    .configureOutput({
      writeOut: (text) => context.output().bytes(text),
      writeErr: (text) => context.output().err(text.replace(/\n$/, '')),
    })
    .showHelpAfterError()
    .exitOverride();
  for (const add of commands) add(program, context);
  inherit(program);
  completion(program);
  return program;
}

/** Options and exits of the program also for its commands. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.option('--json', 'JSON');
    inherit(child);
  }
}
