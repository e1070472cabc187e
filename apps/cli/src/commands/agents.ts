import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { show, showFields, showJson, showPage } from '../output.ts';
import { integer, type Paged, paged } from './arguments.ts';

export function agents(program: Command, context: Context): void {
  const group = program.command('agents').description('published agents, their versions and aliases');
  list(group, context);
  showOne(group, context);
  versions(group, context);
  alias(group, context);
}

function list(group: Command, { client, output }: Context): void {
  paged(group.command('list').description('by name')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().agents.list(query).page(),
      ['agent', 'latest', 'aliases', 'description'],
      (agent) => [
        agent.name,
        String(agent.latest),
        Object.entries(agent.aliases)
          .map(
            ([name, targets]) =>
              `${name}=${targets.map(({ version, weight }) => share(version, weight, targets.length)).join('+')}`,
          )
          .join(' '),
        agent.description,
      ],
    );
  });
}

const share = (version: number, weight: number, targets: number): string =>
  targets === 1 ? String(version) : `${version}×${weight}`;

function showOne(group: Command, { client, output }: Context): void {
  group
    .command('show')
    .description('a version of an agent, as it was published')
    .argument('<agent>')
    .option('--version <n>', 'this version instead of the latest', integer)
    .action(async (name: string, options: { version?: number }) => {
      const number = options.version ?? (await client().agents.get(name)).latest;
      const version = await client().versions.get(name, number);
      if (output().json) return showJson(output(), version);
      showFields(output(), [
        ['agent', `${version.agent} version ${version.number}`],
        ['description', version.description],
        ['model', [version.model.name, ...version.model.fallbacks].join(', then ')],
        ['limits', JSON.stringify(version.limits)],
        ...version.tools.map(
          (tool) => ['tool', `${tool.name} (${tool.effect}${tool.approval ? ', needs approval' : ''})`] as const,
        ),
      ]);
    });
}

function versions(group: Command, { client, output }: Context): void {
  paged(group.command('versions').description('newest first').argument('<agent>')).action(
    async (name: string, query: Paged) => {
      showPage(
        output(),
        await client().versions.list(name, query).page(),
        ['agent', 'version', 'created', 'id'],
        (version) => [version.agent, String(version.number), version.created_at, version.id],
      );
    },
  );
}

function alias(group: Command, { client, output }: Context): void {
  group
    .command('alias')
    .description('let an alias stand for a version, or for several with weights: `alias greeter prod 3=9 4=1`')
    .argument('<agent>')
    .argument('<alias>')
    .argument('<version...>', '<version>, or <version>=<weight> of several')
    .action(async (name: string, aliasName: string, targets: string[]) => {
      const agent = await client().aliases.set(name, aliasName, { versions: targets.map(target) });
      show(output(), agent, () => `${name} ${aliasName} is ${targets.join(' ')}`);
    });
}

function target(text: string): { version: number; weight: number } {
  const [, version, weight = '1'] = /^(\d{1,10})(?:=(\d{1,4}))?$/.exec(text) ?? [];
  if (version === undefined)
    throw new Failure(`${text} is no version: give <version>, or <version>=<weight>.`, exitCodes.usage);
  return { version: Number(version), weight: Number(weight) };
}
