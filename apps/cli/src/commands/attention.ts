import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { decisionLine } from '../decision-line.ts';
import { showPage } from '../output.ts';
import { type Paged, paged } from './arguments.ts';
import { decide } from './decide.ts';

export function attention(program: Command, context: Context): void {
  const { client, output } = context;
  const group = program.command('attention').description('what needs a person');
  paged(
    group
      .command('list', { isDefault: true })
      .description('longest waiting first')
      .option('--run <run>', 'of this run'),
  ).action(async (query: Paged & { run?: string }) => {
    showPage(
      output(),
      await client().attention.list(query).page(),
      ['run', 'ref', 'kind', 'since', 'to settle it'],
      (item) => [item.run_id, item.ref, item.kind, item.since, decisionLine(item)],
    );
  });
  decide(group, context);
}
