import type { BulkBody, BulkOperationResource, Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type Output, show } from '../output.ts';
import { confirmed, integer } from './arguments.ts';
import { type Filters, filterOf, filters } from './filters.ts';

const POLL_MS = 500;

interface Options extends Filters {
  readonly reason?: string;
  readonly toVersion?: number;
  readonly toAlias?: string;
  readonly yes?: boolean;
  readonly detach?: boolean;
}

export function bulk(group: Command, { client, output, exit }: Context): void {
  filters(
    group
      .command('bulk')
      .description('the same to all runs that fit the filter; tells how far it is')
      .addArgument(
        group.createArgument('<operation>', 'what to do').choices(['cancel', 'pause', 'rerun', 'fork', 'status']),
      )
      .argument('[id]', 'of `status`: the operation'),
  )
    .option('--reason <text>', 'of cancel and pause: kept in the logs')
    .option('--to-version <n>', 'of fork: the version of the new runs', integer)
    .option('--to-alias <name>', 'of fork: the alias of the new runs')
    .option('--yes', 'really')
    .option('--detach', 'do not wait for its end')
    .action(async (operation: string, id: string | undefined, options: Options) => {
      if (operation === 'status') {
        if (id === undefined) throw new Failure('Give the id of the operation.', exitCodes.usage);
        const now = await client().runs.bulkOperation(id);
        return show(output(), now, () => lineOf(now));
      }
      confirmed(options.yes, `This will ${operation} every run that fits.`);
      const begun = await client().runs.bulk(bodyOf(operation, options));
      if (options.detach === true) return show(output(), begun, () => begun.id);
      const ended = await untilDone(client(), output(), begun);
      show(output(), ended, () => lineOf(ended));
      exit(ended.failed === 0 ? exitCodes.ok : exitCodes.failed);
    });
}

function bodyOf(operation: string, { reason, toVersion, toAlias, ...rest }: Options): BulkBody {
  const { yes: _yes, detach: _detach, ...given } = rest;
  const filter = filterOf(given);
  if (operation === 'cancel' || operation === 'pause')
    return { operation, filter, ...(reason === undefined ? {} : { reason }) };
  if (operation === 'rerun') return { operation, filter };
  return {
    operation: 'fork',
    filter,
    ...(toVersion === undefined ? {} : { version: toVersion }),
    ...(toAlias === undefined ? {} : { alias: toAlias }),
  };
}

async function untilDone(client: Holdfast, output: Output, begun: BulkOperationResource) {
  let now = begun;
  let told = '';
  while (now.status === 'running') {
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
