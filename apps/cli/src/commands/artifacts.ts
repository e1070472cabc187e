import { writeFileSync } from 'node:fs';
import type { Holdfast } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { showPage } from '../output.ts';

export function artifacts(program: Command, { client, output }: Context): void {
  const group = program.command('artifacts').description('files of a run');
  group
    .command('list')
    .description('names, sizes and digests')
    .argument('<run>')
    .action(async (run: string) => {
      showPage(output(), await client().artifacts.list(run), ['name', 'bytes', 'type', 'digest'], (file) => [
        file.name ?? '',
        String(file.size),
        file.media_type,
        file.digest,
      ]);
    });
  group
    .command('get')
    .description('write a file to standard output, or to --output')
    .argument('<run>')
    .argument('<file>', 'name or digest')
    .option('-o, --output <path>')
    .action(async (run: string, file: string, options: { output?: string }) => {
      const bytes = await client().artifacts.get(run, await digestOf(client(), run, file));
      if (options.output === undefined) output().bytes(bytes);
      else writeFileSync(options.output, bytes);
    });
}

async function digestOf(client: Holdfast, run: string, file: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(file)) return file;
  const { items } = await client.artifacts.list(run);
  const found = items.findLast(({ name }) => name === file);
  if (found !== undefined) return found.digest;
  const known = items.map(({ name, digest }) => name ?? digest).join(', ') || 'none';
  throw new Failure(`The run has no file ${file}. It has: ${known}.`);
}
