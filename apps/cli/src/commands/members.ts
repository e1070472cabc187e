import { role } from '@holdfast/contracts';
import type { Holdfast, MemberResource, Role } from '@holdfast/sdk';
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
      const { value: member } = await client().members.get(id);
      show(output(), member, () => row(member).join('\n'));
    });
  group
    .command('roles')
    .description('sets the roles that are given here; without --role, none')
    .argument('<id>')
    .addOption(new Option('--role <role...>', 'all that are to be given').choices([...role.options]))
    .action(async (id: string, { role: given = [] }: { role?: Role[] }) => {
      const member = await change(client(), id, { roles: given });
      show(output(), member, () => `${id} has here: ${member.roles.join(' ') || 'no role'}`);
    });
  for (const [name, disabled, description] of [
    ['disable', true, 'their tokens and keys no longer let in'],
    ['enable', false, 'their tokens and keys let in again'],
  ] as const)
    group
      .command(name)
      .description(description)
      .argument('<id>')
      .action(async (id: string) => {
        const member = await change(client(), id, { disabled });
        show(output(), member, () => `${id} is ${disabled ? 'disabled' : 'enabled'}`);
      });
}

/** What somebody else has changed meanwhile is not taken back: the server refuses. */
async function change(
  { members: api }: Holdfast,
  id: string,
  settings: { readonly roles?: Role[]; readonly disabled?: boolean },
): Promise<MemberResource> {
  const { value, etag } = await api.get(id);
  const now = { roles: value.roles, disabled: value.disabled_at !== null };
  return api.update(id, { ...now, ...settings }, { ifMatch: etag ?? undefined });
}

const row = (member: MemberResource): string[] => [
  member.id,
  member.kind,
  member.name ?? member.subject,
  member.roles.join(' '),
  member.last_seen_at,
  member.disabled_at === null ? '' : `disabled ${member.disabled_at}`,
];
