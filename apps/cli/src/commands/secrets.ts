import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show, showPage } from '../output.ts';
import { confirmed, type Paged, paged } from './arguments.ts';
import { rotateKey } from './rotate-key.ts';

export function secrets(program: Command, context: Context): void {
  const { client, output, secret } = context;
  const group = program.command('secrets').description('values that tools may use as secret://<name>; never shown');
  group
    .command('set')
    .description('the value comes from standard input, or is typed unseen: it would stay in the history of the shell')
    .argument('<name>')
    .action(async (name: string) => {
      const set = await client().secrets.set(name, await secret(`Value of ${name}`));
      show(output(), set, () => `${set.name} version ${set.version}`);
    });
  paged(group.command('list').description('names and versions')).action(async (query: Paged) => {
    showPage(output(), await client().secrets.list(query).page(), ['name', 'version', 'created', 'updated'], (item) => [
      item.name,
      String(item.version),
      item.created_at,
      item.updated_at,
    ]);
  });
  group
    .command('delete')
    .description('tools that name it cannot be called any more')
    .argument('<name>')
    .option('--yes', 'really')
    .action(async (name: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes secret ${name} for good.`);
      await client().secrets.delete(name);
      show(output(), { name, deleted: true }, () => `${name} is deleted`);
    });
  group
    .command('rotate-key')
    .description('a new key to seal with, and every secret of all tenants sealed anew; works on the database itself')
    .action(() => rotateKey(context));
}
