import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show, showJson, showPage, showRows } from '../output.ts';
import { confirmed, type Paged, paged, pairs } from './arguments.ts';

export function threads(program: Command, { client, output }: Context): void {
  const group = program.command('threads').description('conversations of several runs');
  group
    .command('create')
    .description('a new one; `run --thread` continues it')
    .option('--metadata <key=value...>')
    .action(async ({ metadata }: { metadata?: string[] }) => {
      const body = metadata === undefined ? {} : { metadata: pairs(metadata, '--metadata') };
      const thread = await client().threads.create(body);
      show(output(), thread, () => thread.id);
    });
  paged(group.command('list').description('newest first')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().threads.list(query).page(),
      ['thread', 'active run', 'last run', 'created'],
      (thread) => [thread.id, thread.active_run ?? '', thread.last_run ?? '', thread.created_at],
    );
  });
  group
    .command('show')
    .description('a thread and its runs, newest first')
    .argument('<thread>')
    .action(async (id: string) => {
      const thread = await client().threads.get(id);
      if (output().json) return showJson(output(), thread);
      const { items } = await client().runs.list({ thread: id }).page();
      showRows(
        output(),
        ['run', 'agent', 'status', 'created'],
        items.map((run) => [run.id, run.agent, run.status, run.created_at]),
      );
    });
  group
    .command('delete')
    .description('delete a thread with its runs, their logs and their files, for good')
    .argument('<thread>')
    .option('--yes', 'really')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes thread ${id} and all its runs for good.`);
      await client().threads.delete(id);
      show(output(), { id, deleted: true }, () => `${id} is deleted`);
    });
}
