import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { showPage } from '../output.ts';
import { type Paged, paged } from './arguments.ts';

export function audit(program: Command, { client, output }: Context): void {
  paged(
    program
      .command('audit')
      .description('who changed what, newest first')
      .option('--operation <name>', 'such as agents.publish'),
  ).action(async (query: Paged & { operation?: string }) => {
    showPage(
      output(),
      await client().audit.list(query).page(),
      ['number', 'at', 'by', 'operation', 'target'],
      (line) => [String(line.number), line.at, `${line.by.type} ${line.by.id}`, line.operation, line.target],
    );
  });
}
