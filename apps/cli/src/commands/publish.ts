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
    .action(async (file: string, { alias }: { alias?: string }) => {
      const version = await client().agents.publish(specText(file));
      if (alias !== undefined) await client().aliases.set(version.agent, alias, { version: version.number });
      const also = alias === undefined ? '' : `, alias ${alias}`;
      const { length: tools } = version.tools;
      const offered = `${tools} tool${tools === 1 ? '' : 's'}`;
      show(output(), version, () => `${version.agent} version ${version.number}, ${offered}${also}`);
    });
}
