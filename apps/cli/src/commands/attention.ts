import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { decisionLine } from '../follow.ts';
import { showJson, showRows } from '../output.ts';

export function attention(program: Command, { client, output }: Context): void {
  program
    .command('attention')
    .description('what needs a person')
    .command('list', { isDefault: true })
    .option('--run <run>')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(async (query: Record<string, string>) => {
      const page = await client().attention(query);
      if (output().json) return showJson(output(), page);
      const rows = page.items.map((item) => [item.run_id, item.ref, item.kind, item.since, decisionLine(item)]);
      showRows(output(), ['run', 'ref', 'kind', 'since', 'to settle it'], rows);
      if (page.next_cursor !== null) output().err(`more: --cursor ${page.next_cursor}`);
    });
}
