import { runStatus } from '@holdfast/contracts';
import type { RunSummaryResource } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import { integer } from './arguments.ts';

/** The options that say which runs. */
export const filters = (command: Command): Command =>
  command
    .addOption(new Option('--status <status>').choices([...runStatus.options]))
    .option('--agent <name>')
    .option('--version <n>', 'of the agent', integer)
    .option('--tag <tag>')
    .option('--thread <thread>')
    .option('--parent <run>', 'children of this run')
    .option('--schedule <id>', 'started by this schedule')
    .option('--created-after <time>', 'such as 2030-01-31T09:00:00Z')
    .option('--created-before <time>');

export interface Filters {
  readonly status?: RunSummaryResource['status'];
  readonly agent?: string;
  readonly version?: number;
  readonly tag?: string;
  readonly thread?: string;
  readonly parent?: string;
  readonly schedule?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

/** As the API names them. */
export const filterOf = ({ createdAfter, createdBefore, ...filter }: Filters) => ({
  ...filter,
  ...(createdAfter === undefined ? {} : { created_after: createdAfter }),
  ...(createdBefore === undefined ? {} : { created_before: createdBefore }),
});
