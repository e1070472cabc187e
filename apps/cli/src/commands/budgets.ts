import { budgetPeriod } from '@holdfast/contracts';
import { type BudgetResource, HoldfastError, type SetBudgetBody } from '@holdfast/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { dollars, show, showFields, showJson, showPage } from '../output.ts';
import { confirmed, defined, integer, number, type Paged, paged } from './arguments.ts';

export function budgets(program: Command, context: Context): void {
  const group = program.command('budgets').description('what the tenant, or one agent, may use of tokens and money');
  list(group, context);
  get(group, context);
  set(group, context);
  remove(group, context);
}

function list(group: Command, { client, output }: Context): void {
  paged(group.command('list').description('with what was spent in this period')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().budgets.list(query).page(),
      ['name', 'agent', 'per', 'tokens', 'cost', 'until'],
      (budget) => [
        budget.name,
        budget.agent ?? '',
        budget.period,
        ofTokens(budget),
        ofCost(budget),
        budget.now.ends_at ?? '',
      ],
    );
  });
}

function get(group: Command, { client, output }: Context): void {
  group
    .command('get')
    .description('one of them, with what runs hold of it')
    .argument('<name>')
    .action(async (name: string) => {
      const { value: budget } = await client().budgets.get(name);
      if (output().json) return showJson(output(), budget);
      showFields(output(), [
        ['name', budget.name],
        ['agent', budget.agent ?? ''],
        ['per', budget.period === 'total' ? 'total' : `${budget.period}, ${budget.time_zone}`],
        ['since', budget.now.starts_at ?? ''],
        ['until', budget.now.ends_at ?? ''],
        ['tokens', ofTokens(budget)],
        ['tokens held', String(budget.now.held.tokens)],
        ['cost', ofCost(budget)],
        ['cost held', dollars(budget.now.held.cost_usd_micros)],
        ['notice at', budget.notice_percent === null ? '' : `${budget.notice_percent} %`],
      ]);
    });
}

const of = (spent: string, limit: string | null): string => (limit === null ? spent : `${spent} of ${limit}`);
const ofTokens = ({ now, tokens }: BudgetResource): string =>
  of(String(now.spent.tokens), tokens === null ? null : String(tokens));
const ofCost = ({ now, cost_usd_micros: limit }: BudgetResource): string =>
  of(dollars(now.spent.cost_usd_micros), limit === null ? null : dollars(limit));

interface Settings {
  readonly agent?: string;
  readonly per?: BudgetResource['period'];
  readonly timeZone?: string;
  readonly tokens?: number | None;
  readonly costUsd?: number | None;
  readonly notice?: number | None;
}

/** Takes away what was there. */
const NONE = 'none';
type None = typeof NONE;

const orNone =
  (parse: (text: string) => number) =>
  (text: string): number | None =>
    text === NONE ? NONE : parse(text);

function positive(text: string): number {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError('must be above 0.');
  return value;
}

function set(group: Command, { client, output }: Context): void {
  group
    .command('set')
    .description('make a budget, or change what is given here; runs that wait for it go on when there is room')
    .argument('<name>')
    .option('--agent <name>', 'for the runs of this agent; left out: for all runs of the tenant')
    .addOption(new Option('--per <period>', 'month when left out').choices([...budgetPeriod.options]))
    .option('--time-zone <zone>', 'where days and months begin, such as Europe/Berlin; UTC when left out')
    .option('--tokens <n>', 'at most so many; `none` takes the limit away', orNone(integer))
    .option('--cost-usd <dollars>', 'at most so much; `none` takes the limit away', orNone(positive))
    .option('--notice <percent>', 'tell webhooks at so much of a limit; `none`: do not', orNone(integer))
    .action(async (name: string, settings: Settings) => {
      const found = await client()
        .budgets.get(name)
        .catch((error: unknown) => {
          if (error instanceof HoldfastError && error.code === 'budget_not_found') return null;
          throw error;
        });
      const body = bodyOf(found?.value ?? null, settings);
      const budget = await client().budgets.set(name, body, { ifMatch: found?.etag ?? undefined });
      show(output(), budget, () => `${name}: ${ofTokens(budget)} tokens, ${ofCost(budget)} per ${budget.period}`);
    });
}

function bodyOf(
  found: BudgetResource | null,
  { agent, per, timeZone, tokens, costUsd, notice }: Settings,
): SetBudgetBody {
  const kept = <T>(given: T | None | undefined, before: T | null | undefined): T | undefined =>
    given === NONE ? undefined : (given ?? before ?? undefined);
  const micros = typeof costUsd === 'number' ? Math.round(costUsd * 1_000_000) : costUsd;
  return defined({
    agent: agent ?? found?.agent ?? undefined,
    period: per ?? found?.period,
    time_zone: timeZone ?? found?.time_zone,
    tokens: kept(tokens, found?.tokens),
    cost_usd_micros: kept(micros, found?.cost_usd_micros),
    notice_percent: kept(notice, found?.notice_percent),
  });
}

function remove(group: Command, { client, output }: Context): void {
  group
    .command('delete')
    .description('runs that wait for it go on; what was spent of it is forgotten')
    .argument('<name>')
    .option('--yes', 'really')
    .action(async (name: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes the budget ${name}: nothing is limited by it any more.`);
      await client().budgets.delete(name);
      show(output(), { name, deleted: true }, () => `${name} is deleted`);
    });
}
