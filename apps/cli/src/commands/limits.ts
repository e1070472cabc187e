import { limitsOfText, type OwnLimits, ownLimitNames } from '@holdfast/contracts';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { onDatabase } from '../on-database.ts';

type Changes = Readonly<Partial<Record<keyof OwnLimits, number | null>>>;

export function limits(program: Command, context: Context): void {
  const group = program.command('limits').description('rates and quotas of one tenant, instead of the installation’s');
  group
    .command('set')
    .description(
      'give a tenant numbers of its own (DATABASE_MIGRATE_URL, or DATABASE_URL); they hold within ten seconds',
    )
    .argument('<tenant>', 'name of the tenant')
    .argument('<numbers...>', 'such as `caller.read=20 agents=5`; `agents=default` takes one back')
    .action(async (tenant: string, numbers: string[]) => {
      const changes = changesOf(numbers);
      const now = await onDatabase(context, async (database) => (await database.owner()).setLimits(tenant, changes));
      if (now === null) throw new Failure(`There is no tenant ${tenant}.`);
      const output = context.output();
      if (output.json) return output.out(JSON.stringify({ limits: now }));
      const own = Object.entries(now).map(([name, number]) => `${name}=${number}`);
      output.out(own.length === 0 ? `${tenant} has no numbers of its own.` : `${tenant}: ${own.join(' ')}`);
    });
}

/** @throws Failure */
export function changesOf(numbers: readonly string[]): Changes {
  const isTaken = (text: string): boolean => text.endsWith('=default');
  const names = numbers.filter(isTaken).map((text) => text.slice(0, -'=default'.length));
  const back = ownLimitNames.filter((name) => names.includes(name));
  const given = numbers.filter((text) => !isTaken(text));
  const set = given.length === 0 ? {} : limitsOfText(given.join(','), ownLimitNames);
  if (set === null || back.length < names.length)
    throw new Failure(
      `${numbers.join(' ')} cannot be used: write name=number or name=default, with the names ${ownLimitNames.join(', ')}.`,
    );
  return { ...set, ...Object.fromEntries(back.map((name) => [name, null])) };
}
