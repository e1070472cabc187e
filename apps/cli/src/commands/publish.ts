import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { showJson } from '../output.ts';

export function publish(program: Command, { client, output }: Context): void {
  program
    .command('publish')
    .description('publish an agent from a YAML or JSON file')
    .argument('<file>', 'the agent spec')
    .action(async (file: string) => {
      const version = await client().publish(
        read(file),
        file.endsWith('.json') ? 'application/json' : 'application/yaml',
      );
      if (output().json) return showJson(output(), version);
      output().out(`${version.agent} version ${version.number}, ${version.tools.length} tools`);
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
