import type { BulkBody, BulkOperationResource, Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { type Output, show, showPage } from '../output.ts';
import { confirmed, defined, integer, type Paged, paged } from './arguments.ts';
import { type Filters, filterOf, filters } from './filters.ts';

const POLL_MS = 500;

interface Options extends Filters {
  readonly reason?: string;
  readonly toVersion?: number;
  readonly toAlias?: string;
  readonly newTag?: readonly string[];
  readonly yes?: boolean;
  readonly detach?: boolean;
}

/** Each with the options that it has a place for; another one is wrong usage. */
const operations = {
  cancel: { about: 'end every run that fits the filter before its time', own: reason },
  pause: { about: 'let every run that fits the filter begin nothing new', own: reason },
  resume: { about: 'go on with every paused run that fits the filter', own: (command: Command) => command },
  rerun: { about: 'a new run from the last good event of every run that fits the filter', own: newTag },
  fork: { about: 'as `rerun`, with another version of the agent', own: (command: Command) => newTag(target(command)) },
} as const;
const names = ['cancel', 'pause', 'resume', 'rerun', 'fork'] as const;

export function bulk(program: Command, context: Context): void {
  const group = program.command('bulk').description('the same to all runs that fit a filter');
  for (const name of names) begin(group, context, name);
  lookAt(group, context);
}

function begin(group: Command, { client, output, exit }: Context, name: (typeof names)[number]): void {
  const { about, own } = operations[name];
  own(filters(group.command(name).description(about)))
    .option('--yes', 'really')
    .option('--detach', 'do not wait for its end: show its id and return')
    .action(async (options: Options) => {
      confirmed(options.yes, `This will ${name} every run that fits.`);
      const begun = await client().runs.bulk(bodyOf(name, options));
      if (options.detach === true) return show(output(), begun, () => begun.id);
      const ended = await untilEnd(client(), output(), begun);
      show(output(), ended, () => textOf(ended));
      exit(ended.status === 'done' && ended.failed === 0 ? exitCodes.ok : exitCodes.failed);
    });
}

function reason(command: Command): Command {
  return command.option('--reason <text>', 'kept in the log of each run');
}

function newTag(command: Command): Command {
  return command.option('--new-tag <tags...>', 'the tags of the new runs, instead of those of their sources');
}

function target(command: Command): Command {
  return command
    .option('--to-version <n>', 'the version of the new runs', integer)
    .option('--to-alias <name>', 'the alias of the new runs');
}

function bodyOf(operation: (typeof names)[number], options: Options): BulkBody {
  const { reason, toVersion, toAlias, newTag, yes: _yes, detach: _detach, ...given } = options;
  const filter = filterOf(given);
  const tags = newTag === undefined ? undefined : [...newTag];
  switch (operation) {
    case 'cancel':
    case 'pause':
      return { operation, filter, ...defined({ reason }) };
    case 'resume':
      return { operation, filter };
    case 'rerun':
      return { operation, filter, ...defined({ tags }) };
    case 'fork':
      return { operation, filter, ...defined({ version: toVersion, alias: toAlias, tags }) };
  }
}

function lookAt(group: Command, { client, output }: Context): void {
  group
    .command('status')
    .description('how far a bulk operation is')
    .argument('<id>')
    .action(async (id: string) => {
      const now = await client().runs.bulkOperation(id);
      show(output(), now, () => textOf(now));
    });
  group
    .command('stop')
    .description('end a bulk operation that is under way; what was done stays done')
    .argument('<id>')
    .action(async (id: string) => {
      const now = await client().runs.cancelBulk(id);
      show(output(), now, () => textOf(now));
    });
  paged(group.command('list').description('newest first')).action(async (query: Paged) => {
    const page = await client().runs.bulkOperations(query).page();
    const head = ['bulk operation', 'does', 'status', 'done', 'skipped', 'failed', 'of', 'created'];
    showPage(output(), page, head, ({ id, operation, status, created_at, ...counts }) => [
      id,
      operation,
      status,
      ...[counts.done, counts.skipped, counts.failed, counts.matched].map(String),
      created_at,
    ]);
  });
}

async function untilEnd(client: Holdfast, output: Output, begun: BulkOperationResource) {
  let now = begun;
  let told = '';
  while (now.ended_at === null) {
    const line = lineOf(now);
    if (!output.json && line !== told) output.err(line);
    told = line;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = await client.runs.bulkOperation(begun.id);
  }
  return now;
}

const lineOf = ({ id, operation, status, matched, done, skipped, failed }: BulkOperationResource): string =>
  `${operation} ${id}: ${status}, ${done} done, ${skipped} skipped, ${failed} failed, of ${matched}`;

/** With why runs were skipped, and what went wrong first. */
const textOf = (bulk: BulkOperationResource): string =>
  [
    lineOf(bulk),
    ...Object.entries(bulk.skipped_because).map(([code, count]) => `  skipped ${count}: ${code}`),
    ...bulk.errors.map(({ run, code, detail }) => `  ${run}: ${code}: ${detail}`),
  ].join('\n');
