import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examine, type Finding } from '../doctor.ts';
import { exitCodes } from '../failure.ts';
import { paint, printable } from '../output.ts';
import { clientSettings } from '../settings.ts';

const tones = { ok: 'good', warn: 'people', fail: 'bad' } as const;

export function doctor(program: Command, { client, output, exit, surroundings }: Context): void {
  program
    .command('doctor')
    .description('look whether everything works: server, database, key, models, tool servers; exits with 1 when not')
    .action(async () => {
      const findings: Finding[] = [];
      const show = output();
      for await (const finding of examine(client(), clientSettings(surroundings).url, show.program)) {
        findings.push(finding);
        const { level, check, detail } = finding;
        if (show.json) show.out(JSON.stringify(finding));
        else show.out(paint(show, tones[level], printable(`${level.padEnd(5)} ${check.padEnd(20)} ${detail}`)));
      }
      exit(findings.some(({ level }) => level === 'fail') ? exitCodes.failed : exitCodes.ok);
    });
}
