import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show } from '../output.ts';
import { specText } from './spec-file.ts';

export function publish(program: Command, { client, output }: Context): void {
  program
    .command('publish')
    .description('publish an agent from a YAML or JSON file')
    .argument('<file>', 'the agent spec; - = YAML on standard input')
    .option('--alias <name>', 'let this alias stand for the version')
    .option('--offline', 'take a tool server that does not answer as it was known before')
    .action(async (file: string, { alias, offline }: { alias?: string; offline?: boolean }) => {
      const version = await client().agents.publish(specText(file), { offline });
      if (alias !== undefined) await client().aliases.set(version.agent, alias, { version: version.number });
      const also = alias === undefined ? '' : `, alias ${alias}`;
      const { length: tools } = version.tools;
      const offered = `${tools} tool${tools === 1 ? '' : 's'}`;
      show(output(), version, () => `${version.agent} version ${version.number}, ${offered}${also}`);
    });
}
