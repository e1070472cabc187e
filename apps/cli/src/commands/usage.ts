import { usageQuery } from '@holdfast/contracts';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { dollars, showJson, showRows } from '../output.ts';
import { defined } from './arguments.ts';

const groups = usageQuery.shape.group_by.unwrap();

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly by: string;
  readonly agent?: string;
  readonly csv?: boolean;
}

export function usage(program: Command, { client, output }: Context): void {
  program
    .command('usage')
    .description('runs, calls of models, tokens and money of a span of time; the last 30 days when left out')
    .option('--from <time>', 'from here on, such as 2030-01-31T00:00:00Z')
    .option('--to <time>', 'before this time')
    .addOption(new Option('--by <group>', 'one line for each').choices([...groups.options]).default('agent'))
    .option('--agent <name>', 'of this agent')
    .option('--csv', 'as CSV, with money in micro-dollars')
    .action(async ({ by, csv, ...span }: Options) => {
      const query = { ...defined(span), group_by: groups.parse(by) };
      if (csv === true) return output().bytes(await client().usage.csv(query));
      const page = await client().usage.get(query);
      if (output().json) return showJson(output(), page);
      const rows = page.items.map((line) => [
        line.group,
        line.runs === null ? '' : String(line.runs),
        String(line.calls),
        String(line.tokens),
        dollars(line.cost_usd_micros),
      ]);
      showRows(output(), [by, 'runs', 'calls', 'tokens', 'cost'], rows);
    });
}
