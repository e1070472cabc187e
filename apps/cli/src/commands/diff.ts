import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { paint, showJson } from '../output.ts';
import { changes, type LineChange } from '../spec-diff.ts';
import { readText, integer } from './arguments.ts';

export function diff(program: Command, { client, output, exit }: Context): void {
  program
    .command('diff')
    .description('compare an agent file with what is published; exits with 1 when they differ')
    .argument('<file>', 'the agent spec; - = standard input')
    .option('--version <n>', 'this version instead of the latest', integer)
    .option('--agent <name>', "instead of the file's own name")
    .action(async (file: string, options: { version?: number; agent?: string }) => {
      const local = await parsed(readText(file), file);
      const agent = options.agent ?? local['name'];
      if (typeof agent !== 'string') throw new Failure(`${file} has no name: give --agent.`, exitCodes.usage);
      const number = options.version ?? (await client().agents.get(agent)).latest;
      const published = await client().versions.get(agent, number);
      const lines = changes(published.spec, local);
      const differ = lines.some(({ sign }) => sign !== ' ');
      if (output().json) showJson(output(), { agent, version: number, differ, lines: lines.map(text) });
      else if (!differ) output().out(`${file} is ${agent} version ${number}.`);
      else {
        output().out(paint(output(), 'quiet', `- ${agent} version ${number}`));
        output().out(paint(output(), 'quiet', `+ ${file}`));
        for (const line of lines) output().out(paint(output(), tones[line.sign], text(line)));
      }
      exit(differ ? exitCodes.failed : exitCodes.ok);
    });
}

const tones = { ' ': 'quiet', '-': 'bad', '+': 'good' } as const;
const text = ({ sign, line }: LineChange): string => `${sign} ${line}`;

/** YAML is read only here, since every other command starts quicker without it. */
async function parsed(spec: string, file: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(spec, { maxAliasCount: 50, logLevel: 'silent' });
  } catch (error) {
    throw new Failure(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Failure(`${file} is no agent spec: it must hold an object.`);
  return value as Record<string, unknown>;
}
