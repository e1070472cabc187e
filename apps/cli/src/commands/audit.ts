import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show, showFields, showJson, showPage } from '../output.ts';
import { type Outcome, said, verifyFile, verifyServer } from '../verify-audit.ts';
import { confirmed, cursor, integer, type Paged, paged } from './arguments.ts';

export function audit(program: Command, context: Context): void {
  const { client, output } = context;
  const group = program.command('audit').description('who did what, in a chain that can be proved');
  paged(
    group
      .command('list', { isDefault: true })
      .description('lines, newest first')
      .option('--operation <name>', 'such as agents.publish')
      .option('--actor <id>', 'of a member or a key')
      .option('--target <path>', 'a path, with all below it')
      .option('--since <time>', 'ISO time: from then on')
      .option('--until <time>', 'ISO time: before then'),
  ).action(async (query: Paged & AuditFilters) => {
    showPage(
      output(),
      await client().audit.list(query).page(),
      ['number', 'at', 'by', 'operation', 'target', 'outcome', 'from'],
      ({ number, at, by, operation, target, outcome, from }) => [
        String(number),
        at,
        by.name ?? `${by.type} ${by.id}`,
        operation,
        target,
        outcome,
        from?.address ?? '',
      ],
    );
  });
  group
    .command('head')
    .description('where the chain stands; written down elsewhere, it proves what was before it')
    .action(async () => {
      const now = await client().audit.head();
      const { head, checkpoint, verified } = now;
      if (output().json) return showJson(output(), now);
      showFields(output(), [
        ['head', `${head.number} ${head.hash}`],
        ['begins after', checkpoint === null ? '' : `${checkpoint.number} ${checkpoint.hash}`],
        [
          'verified',
          verified === null ? '' : `${verified.at} ${verified.state} at ${verified.number}, by ${verified.by}`,
        ],
      ]);
    });
  verify(group, context);
  group
    .command('export')
    .description('the chain as JSON Lines, to standard output or --output')
    .option('-o, --output <path>')
    .option('--after <number>', 'only lines after this one', cursor)
    .action(async ({ output: path, after }: { output?: string; after?: number }) => {
      if (path === undefined) await pieces(client(), after, (piece) => output().bytes(piece));
      else await written(client(), after, path);
    });
  retention(group, context);
}

interface AuditFilters {
  readonly operation?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
}

function verify(group: Command, { client, output }: Context): void {
  group
    .command('verify')
    .description('follow the chain and name the first line that is not as it was written; computed here')
    .option('--file <path>', 'an export, offline, in place of the server’s lines')
    .option('--compare', 'with --file: that what the server has goes on from the file')
    .action(async ({ file, compare }: { file?: string; compare?: boolean }) => {
      const outcome: Outcome =
        file === undefined
          ? await verifyServer(client())
          : await verifyFile(createReadStream(file, 'utf8'), compare === true ? client() : null);
      show(output(), outcome, () => said(outcome));
    });
}

function retention(group: Command, { client, output }: Context): void {
  const told = ({ days }: { readonly days: number | null }): string =>
    days === null ? 'Lines are kept as long as the platform says.' : `Lines are removed after ${days} days.`;
  group
    .command('retention')
    .description('how long lines are kept; with a number, for how many days from now on')
    .argument('[days]', 'a number of days, at least 30, or `platform`', (text) =>
      text === 'platform' ? null : integer(text),
    )
    .option('--yes', 'really: needed for a number of days')
    .action(async (days: number | null | undefined, { yes }: { yes?: boolean }) => {
      if (typeof days === 'number')
        confirmed(yes, `This removes audit lines that are older than ${days} days, for good.`);
      const now = await (days === undefined ? client().audit.retention() : client().audit.setRetention(days));
      show(output(), now, () => told(now));
    });
}

async function pieces(client: Holdfast, after: number | undefined, take: (piece: string) => unknown): Promise<void> {
  for await (const piece of client.audit.export({ after })) await take(piece);
}

async function written(client: Holdfast, after: number | undefined, path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await pieces(client, after, (piece) => file.write(piece));
  } finally {
    await file.close();
  }
}
