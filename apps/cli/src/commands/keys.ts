import { role } from '@holdfast/contracts';
import type { NewKeyResource, Role } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { type Output, show, showPage } from '../output.ts';
import { confirmed, defined, type Paged, paged } from './arguments.ts';

export function keys(program: Command, { client, output }: Context): void {
  const group = program.command('keys').description('API keys of the tenant');
  group
    .command('create')
    .description('the key is shown once, on standard output')
    .argument('<name>', 'who uses it')
    .addOption(new Option('--role <role...>', 'what it may do').choices([...role.options]).makeOptionMandatory())
    .option('--expires-in <duration>', 'such as 90d; never when left out')
    .option('--member <id>', 'whose key it is: all keys of a member are one person where several must approve')
    .action(async (name: string, options: { role: Role[]; expiresIn?: string; member?: string }) => {
      const { role: given, expiresIn, member } = options;
      const roles = given.map((text) => role.parse(text));
      const [first, ...rest] = roles;
      if (first === undefined) return;
      const made = await client().keys.create({
        name,
        roles: [first, ...rest],
        ...defined({ expires_in: expiresIn, member }),
      });
      showKey(output(), made);
    });
  paged(group.command('list').description('without the keys themselves')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().keys.list(query).page(),
      ['id', 'name', 'roles', 'last used', 'expires', 'revoked'],
      (key) => [
        key.id,
        key.name,
        key.roles.join(' '),
        key.last_used_at ?? 'never',
        key.expires_at ?? 'never',
        key.revoked_at ?? '',
      ],
    );
  });
  group
    .command('rotate')
    .description('a new secret for the same key; the old one goes on for a while')
    .argument('<id>')
    .option('--overlap <duration>', 'how long the old one goes on', '24h')
    .option('--expires-in <duration>', 'of the key; its end stays when left out')
    .action(async (id: string, { overlap, expiresIn }: { overlap: string; expiresIn?: string }) => {
      showKey(output(), await client().keys.rotate(id, { overlap, ...defined({ expires_in: expiresIn }) }));
    });
  group
    .command('revoke')
    .description('whoever uses it is refused from now on')
    .argument('<id>')
    .option('--yes', 'really')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This revokes key ${id} for good.`);
      await client().keys.revoke(id);
      show(output(), { id, revoked: true }, () => `${id} is revoked`);
    });
}

function showKey(output: Output, made: NewKeyResource): void {
  if (!output.json) output.err(`${made.name} (${made.id}), roles ${made.roles.join(' ')}. The key, shown only now:`);
  show(output, made, () => made.key);
}
