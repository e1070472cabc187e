import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { plain, showJson, showRows } from '../output.ts';

export function runs(program: Command, { client, output }: Context): void {
  const group = program.command('runs').description('look at runs');
  group
    .command('list')
    .description('newest first')
    .option('--status <status>')
    .option('--agent <name>')
    .option('--limit <n>', 'at most so many', '20')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(async (query: Record<string, string>) => {
      const page = await client().listRuns(query);
      if (output().json) return showJson(output(), page);
      const rows = page.items.map((run) => [
        run.id,
        run.agent,
        run.status,
        run.waiting_for.map(({ reason }) => reason).join(', '),
        String(run.head),
        run.created_at,
      ]);
      showRows(output(), ['run', 'agent', 'status', 'waits for', 'events', 'created'], rows);
      if (page.next_cursor !== null) output().err(`more: --cursor ${page.next_cursor}`);
    });
  group
    .command('show')
    .argument('<run>')
    .action(async (id: string) => {
      const run = await client().getRun(id);
      if (output().json) return showJson(output(), run);
      showRows(
        output(),
        ['', ''],
        [
          ['run', run.id],
          ['agent', `${run.agent} version ${run.version}`],
          ['status', run.status],
          [
            'waits for',
            run.waiting_for.map(({ reason, ref }) => (ref === null ? reason : `${reason} (${ref})`)).join(', '),
          ],
          ['events', String(run.head)],
          ['created', run.created_at],
          ['updated', run.updated_at],
          ['output', plain(run.output ?? []).slice(0, 500)],
          ['error', run.error === null ? '' : `${run.error.code}: ${run.error.detail}`],
        ],
      );
    });
}
