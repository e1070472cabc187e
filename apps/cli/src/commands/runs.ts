import type { ListRunsOptions } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { dollars, plain, show, showFields, showJson, showPage } from '../output.ts';
import { confirmed, paged } from './arguments.ts';
import { bulk } from './bulk.ts';
import { effects } from './effects.ts';
import { type Filters, filterOf, filters } from './filters.ts';
import { fork, rerun } from './fork.ts';
import { operations, steer } from './steer.ts';
import { watch } from './watch.ts';

export function runs(program: Command, context: Context): void {
  const group = program.command('runs').description('look at runs, steer them, fork them');
  list(group, context);
  showOne(group, context);
  watch(group, context);
  for (const operation of operations) steer(group, context, operation);
  rerun(group, context);
  fork(group, context);
  effects(group, context);
  remove(group, context);
  bulk(group, context);
}

function list(group: Command, { client, output }: Context): void {
  paged(filters(group.command('list').description('newest first'))).action(
    async ({ limit, cursor, ...filter }: Filters & Pick<ListRunsOptions, 'limit' | 'cursor'>) => {
      const page = await client()
        .runs.list({ limit, cursor, ...filterOf(filter) })
        .page();
      showPage(output(), page, ['run', 'agent', 'status', 'waits for', 'events', 'created'], (run) => [
        run.id,
        run.agent,
        run.status,
        run.waiting_for.map(({ reason }) => reason).join(', '),
        String(run.head),
        run.created_at,
      ]);
    },
  );
}

function showOne(group: Command, { client, output }: Context): void {
  group
    .command('show')
    .description('what a run is, was given, has used and has answered')
    .argument('<run>')
    .action(async (id: string) => {
      const run = await client().runs.get(id);
      if (output().json) return showJson(output(), run);
      const { forked_from: source, parent, schedule } = run;
      showFields(output(), [
        ['run', run.id],
        ['agent', `${run.agent} version ${run.version}`],
        ['status', run.status],
        [
          'waits for',
          run.waiting_for
            .map(({ reason, ref, because }) =>
              [reason, ...((ref ?? because) === undefined ? [] : [`(${ref ?? because})`])].join(' '),
            )
            .join(', '),
        ],
        ['because', run.waiting_for.flatMap(({ detail }) => detail ?? []).join(' ')],
        ['events', String(run.head)],
        ['used', `${run.usage.tokens} tokens, ${dollars(run.usage.cost_usd_micros)}`],
        ['tags', run.tags.join(' ')],
        ['thread', run.thread ?? ''],
        ['parent', parent === null ? '' : `${parent.run}, call ${parent.call}`],
        ['forked from', source === null ? '' : `${source.run} at ${source.seq}`],
        ['schedule', schedule === null ? '' : `${schedule.id}, ${schedule.tick ?? 'by hand'}`],
        ['created', run.created_at],
        ['updated', run.updated_at],
        ['input', plain(run.input).slice(0, 500)],
        ['output', plain(run.output ?? []).slice(0, 500)],
        ['error', run.error === null ? '' : `${run.error.code}: ${run.error.detail}`],
      ]);
    });
}

function remove(group: Command, { client, output }: Context): void {
  group
    .command('delete')
    .description('delete a run that has ended, with its log and its files, for good')
    .argument('<run>')
    .option('--yes', 'really')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes run ${id} for good.`);
      await client().runs.delete(id);
      show(output(), { id, deleted: true }, () => `${id} is deleted`);
    });
}
