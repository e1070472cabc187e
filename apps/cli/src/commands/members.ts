import { role } from '@holdfast/contracts';
import type { MemberResource, Role } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { show, showPage } from '../output.ts';
import { type Paged, paged } from './arguments.ts';

export function members(program: Command, { client, output }: Context): void {
  const group = program.command('members').description('people and services whom the OIDC issuer vouches for');
  paged(group.command('list').description('whoever came first comes first')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().members.list(query).page(),
      ['id', 'kind', 'name', 'roles', 'seen', 'state'],
      row,
    );
  });
  group
    .command('get')
    .description('one of them')
    .argument('<id>')
    .action(async (id: string) => {
      const member = await client().members.get(id);
      show(output(), member, () => row(member).join('\n'));
    });
  group
    .command('roles')
    .description('sets the roles that are given here; without --role, none')
    .argument('<id>')
    .addOption(new Option('--role <role...>', 'all that are to be given').choices([...role.options]))
    .action(async (id: string, { role: given = [] }: { role?: Role[] }) => {
      const { disabled_at: disabled } = await client().members.get(id);
      const member = await client().members.update(id, { roles: given, disabled: disabled !== null });
      show(output(), member, () => `${id} has here: ${member.roles.join(' ') || 'no role'}`);
    });
  for (const [name, disabled, description] of [
    ['disable', true, 'their tokens no longer let in'],
    ['enable', false, 'their tokens let in again'],
  ] as const)
    group
      .command(name)
      .description(description)
      .argument('<id>')
      .action(async (id: string) => {
        const { roles } = await client().members.get(id);
        const member = await client().members.update(id, { roles, disabled });
        show(output(), member, () => `${id} is ${disabled ? 'disabled' : 'enabled'}`);
      });
}

const row = (member: MemberResource): string[] => [
  member.id,
  member.kind,
  member.name ?? member.subject,
  member.roles.join(' '),
  member.last_seen_at,
  member.disabled_at === null ? '' : `disabled ${member.disabled_at}`,
];
