import type { BulkBody, BulkOperationResource, Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type Output, show, type ShownPage, showPage } from '../output.ts';
import { confirmed, defined, integer } from './arguments.ts';
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

const begins = ['cancel', 'pause', 'resume', 'rerun', 'fork'];

export function bulk(group: Command, { client, output, exit }: Context): void {
  filters(
    group
      .command('bulk')
      .description(
        'the same to all runs that fit the filter; tells how far it is. `status` tells it again, `stop` ends one that is under way, `list` shows the newest',
      )
      .addArgument(group.createArgument('<operation>', 'what to do').choices([...begins, 'status', 'stop', 'list']))
      .argument('[id]', 'of `status` and `stop`: the operation'),
  )
    .option('--reason <text>', 'of cancel and pause: kept in the logs')
    .option('--to-version <n>', 'of fork: the version of the new runs', integer)
    .option('--to-alias <name>', 'of fork: the alias of the new runs')
    .option('--new-tag <tags...>', 'of rerun and fork: the tags of the new runs, instead of those of their sources')
    .option('--yes', 'really')
    .option('--detach', 'do not wait for its end')
    .action(async (operation: string, id: string | undefined, options: Options) => {
      if (operation === 'list') return showList(output(), await client().runs.bulkOperations().page());
      if (operation === 'status' || operation === 'stop') {
        if (id === undefined) throw new Failure('Give the id of the operation.', exitCodes.usage);
        const { runs } = client();
        const now = await (operation === 'stop' ? runs.cancelBulk(id) : runs.bulkOperation(id));
        return show(output(), now, () => textOf(now));
      }
      confirmed(options.yes, `This will ${operation} every run that fits.`);
      const begun = await client().runs.bulk(bodyOf(operation, options));
      if (options.detach === true) return show(output(), begun, () => begun.id);
      const ended = await untilEnd(client(), output(), begun);
      show(output(), ended, () => textOf(ended));
      exit(ended.status === 'done' && ended.failed === 0 ? exitCodes.ok : exitCodes.failed);
    });
}

function bodyOf(operation: string, { reason, toVersion, toAlias, newTag, ...rest }: Options): BulkBody {
  const { yes: _yes, detach: _detach, ...given } = rest;
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
    default:
      return { operation: 'fork', filter, ...defined({ version: toVersion, alias: toAlias, tags }) };
  }
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

function showList(output: Output, page: ShownPage<BulkOperationResource>): void {
  const head = ['bulk operation', 'does', 'status', 'done', 'skipped', 'failed', 'of', 'created'];
  showPage(output, page, head, ({ id, operation, status, created_at, ...counts }) => [
    id,
    operation,
    status,
    ...[counts.done, counts.skipped, counts.failed, counts.matched].map(String),
    created_at,
  ]);
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
