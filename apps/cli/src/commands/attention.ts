import { attentionKind } from '@holdfast/contracts';
import type { AttentionQuery, AttentionResource } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { decisionLine, question, showAsked } from '../decision-line.ts';
import { showPage } from '../output.ts';
import { answer } from './answer.ts';
import { type Paged, paged } from './arguments.ts';
import { decide } from './decide.ts';
import { resolve } from './resolve.ts';

export function attention(program: Command, context: Context): void {
  const { client, output } = context;
  const group = program.command('attention').description('what needs a person');
  paged(
    group
      .command('list', { isDefault: true })
      .description('longest waiting first')
      .option('--run <run>', 'of this run')
      .addOption(new Option('--kind <kind>', 'of this kind').choices([...attentionKind.options]))
      .option('--agent <agent>', 'of runs of this agent')
      .option('--mine', 'what I may settle'),
  ).action(async (query: Paged & AttentionQuery) => {
    const page = await client().attention.list(query).page();
    const { json, tty, out, err, program: called } = output();
    if (tty && !json && page.items.length > 0) {
      page.items.forEach((item, index) => {
        if (item.run_id !== page.items[index - 1]?.run_id) out(runLine(item));
        showAsked(output(), out, item);
      });
      if (typeof page.next_cursor === 'string') err(`more: --cursor ${page.next_cursor}`);
      return;
    }
    showPage(output(), page, ['run', 'ref', 'kind', 'since', 'question', 'to settle it'], (item) => [
      item.run_id,
      item.ref,
      item.kind,
      item.since,
      question(item),
      decisionLine(called, item),
    ]);
  });
  decide(group, context);
  answer(group, context);
  resolve(group, context);
}

const runLine = ({ run_id, agent, since }: AttentionResource): string =>
  `run ${run_id}  ${agent}  since ${since.slice(0, 10)} ${since.slice(11, 19)}Z`;
