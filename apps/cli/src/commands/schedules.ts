import { scheduleOverlap } from '@holdfast/contracts';
import type { NextTicks, ScheduleBody, ScheduleResource } from '@holdfast/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type Output, show, showFields, showJson, showPage, showRows } from '../output.ts';
import {
  confirmed,
  cursor,
  defined,
  integer,
  jsonText,
  number,
  type Paged,
  paged,
  pairs,
  readText,
} from './arguments.ts';

export function schedules(program: Command, context: Context): void {
  const group = program.command('schedules').description('runs that are started by the clock');
  create(group, context);
  list(group, context);
  showOne(group, context);
  next(group, context);
  update(group, context);
  steer(group, context);
  trigger(group, context);
  remove(group, context);
}

interface Options {
  readonly agent?: string;
  readonly name?: string;
  readonly version?: number;
  readonly alias?: string;
  readonly latest?: boolean;
  readonly input?: string;
  readonly inputJson?: boolean;
  readonly inputFile?: string;
  readonly metadata?: string[];
  readonly tag?: string[];
  readonly priority?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly jitter?: number;
  readonly overlap?: ScheduleResource['overlap'];
  readonly catchUp?: number;
  readonly startsAt?: string;
  readonly endsAt?: string;
}

const settings = (command: Command): Command =>
  command
    .option('--version <n>', 'this version instead of the latest', integer)
    .option('--alias <name>', 'a version that this alias stands for at each tick')
    .option('--input <text>', 'for the agent, at each tick')
    .option('--input-json', 'the input is JSON')
    .option('--input-file <file>', 'the input is in this file; - = standard input')
    .option('--metadata <key=value...>', 'kept with each run')
    .option('--tag <tag...>', 'to find the runs by')
    .option('--priority <n>', 'higher goes first, within the tenant', number)
    .option('--time-zone <zone>', 'such as Europe/Berlin; UTC when left out')
    .option('--jitter <seconds>', 'each run starts up to so much later than its tick', cursor)
    .addOption(new Option('--overlap <what>', 'when the last run has not ended').choices([...scheduleOverlap.options]))
    .option('--catch-up <seconds>', 'ticks for which no worker was there are made up for, up to so late', integer)
    .option('--starts-at <time>', 'no tick before it, such as 2030-01-31T09:00:00Z', timeOrNone)
    .option('--ends-at <time>', 'no tick after it; `none` takes it away', timeOrNone);

/** Takes away what was there. */
const NONE = 'none';

function timeOrNone(text: string): string {
  if (text !== NONE && Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('must be a time such as 2030-01-31T09:00:00Z.');
  return text;
}

function create(group: Command, { client, output }: Context): void {
  settings(
    group
      .command('create')
      .description('a new schedule: each tick of its pattern starts a run')
      .argument('<name>')
      .argument('<cron>', "5 fields, or 6 with seconds first, in quotes: '0 9 * * 1-5'")
      .argument('<agent>'),
  ).action(async (name: string, cron: string, agent: string, options: Options) => {
    const { version, alias } = options;
    const body = { name, cron, agent, ...given(options), ...defined({ version, alias }) };
    const made = await client().schedules.create(withoutNone(body, options));
    show(output(), made, () => `${made.name}: ${nextOf(made)}`);
  });
}

function update(group: Command, { client, output }: Context): void {
  settings(
    group
      .command('update')
      .description('change what is named; the rest stays')
      .argument('<schedule>', 'its name or id')
      .option('--name <name>')
      .option('--agent <name>')
      .option('--latest', 'the latest version at each tick, instead of one or an alias')
      .option('--cron <cron>', 'other times count from now on'),
  ).action(async (schedule: string, options: Options) => {
    const { value, etag } = await client().schedules.get(schedule);
    const { name, agent, cron, version, alias, latest } = options;
    const other = latest === true || version !== undefined || alias !== undefined;
    const chosen = other ? { version, alias } : chosenBy(value);
    const body = { ...kept(value), ...defined({ name, agent, cron }), ...given(options), ...defined(chosen) };
    const now = await client().schedules.update(value.id, withoutNone(body, options), etagged(etag));
    show(output(), now, () => `${now.name}: ${nextOf(now)}`);
  });
}

const etagged = (etag: string | null) => (etag === null ? {} : { ifMatch: etag });

const chosenBy = ({ version, alias }: ScheduleResource) => ({
  version: version ?? undefined,
  alias: alias ?? undefined,
});

/** What a change names again, but for version and alias. */
const kept = (schedule: ScheduleResource): ScheduleBody => {
  const { name, agent, input, metadata, tags, priority, cron, time_zone, jitter_seconds, overlap, catch_up_seconds } =
    schedule;
  const all = {
    name,
    agent,
    input,
    metadata,
    tags,
    priority,
    cron,
    time_zone,
    jitter_seconds,
    overlap,
    catch_up_seconds,
  };
  const { starts_at, ends_at } = schedule;
  return { ...all, ...defined({ starts_at: starts_at ?? undefined, ends_at: ends_at ?? undefined }) };
};

function withoutNone({ starts_at, ends_at, ...body }: ScheduleBody, { startsAt, endsAt }: Options): ScheduleBody {
  return {
    ...body,
    ...defined({
      starts_at: startsAt === NONE ? undefined : starts_at,
      ends_at: endsAt === NONE ? undefined : ends_at,
    }),
  };
}

/** What the options say, as the API names it; without version and alias, of which there is one. */
function given(options: Options) {
  const { input, inputFile, inputJson, metadata, tag, priority, timeZone, jitter, overlap, catchUp } = options;
  const text = inputFile === undefined ? input : readText(inputFile);
  return defined({
    input: text !== undefined && inputJson === true ? jsonText(text, 'The input') : text,
    metadata: metadata === undefined ? undefined : pairs(metadata, '--metadata'),
    tags: tag,
    priority,
    time_zone: timeZone,
    jitter_seconds: jitter,
    overlap,
    catch_up_seconds: catchUp,
    starts_at: options.startsAt,
    ends_at: options.endsAt,
  });
}

function list(group: Command, { client, output }: Context): void {
  paged(group.command('list').description('by name')).action(async (query: Paged) => {
    const head = ['schedule', 'agent', 'cron', 'time zone', 'next', 'fired', 'failed'];
    showPage(output(), await client().schedules.list(query).page(), head, (schedule) => [
      schedule.name,
      schedule.agent,
      schedule.cron,
      schedule.time_zone,
      schedule.paused === null ? (schedule.next_at ?? 'never') : 'paused',
      String(schedule.fired),
      String(schedule.failed),
    ]);
  });
}

function showOne(group: Command, { client, output }: Context): void {
  group
    .command('show')
    .description('what it starts and when, and what has become of its ticks')
    .argument('<schedule>', 'its name or id')
    .action(async (id: string) => {
      const { value: schedule } = await client().schedules.get(id);
      if (output().json) return showJson(output(), schedule);
      const { paused, last_error: error } = schedule;
      const chosen = schedule.alias ?? (schedule.version === null ? 'latest' : `version ${schedule.version}`);
      showFields(output(), [
        ['schedule', schedule.name],
        ['id', schedule.id],
        ['agent', `${schedule.agent}, ${chosen}`],
        ['cron', `${schedule.cron} (${schedule.time_zone})`],
        ['jitter', schedule.jitter_seconds === 0 ? '' : `up to ${schedule.jitter_seconds} s`],
        ['overlap', schedule.overlap],
        ['catches up', `${schedule.catch_up_seconds} s`],
        ['from', schedule.starts_at ?? ''],
        ['until', schedule.ends_at ?? ''],
        ['next', nextOf(schedule)],
        [
          'paused',
          paused === null ? '' : `${paused.at} by ${paused.by.id}${paused.reason === null ? '' : `: ${paused.reason}`}`,
        ],
        ['last run', schedule.last_run ?? ''],
        ['last tick', schedule.last_tick ?? ''],
        ['ticks', countsOf(schedule)],
        ['last error', error === null ? '' : `${error.at} ${error.code}: ${error.detail}`],
      ]);
    });
}

const countsOf = ({ fired, skipped, missed, failed }: ScheduleResource): string =>
  `${fired} fired, ${skipped} skipped, ${missed} missed, ${failed} failed`;

const nextOf = ({ paused, next_at: at, buffered }: ScheduleResource): string => {
  if (paused !== null) return 'paused';
  return buffered ? 'when the last run has ended' : (at ?? 'never');
};

function next(group: Command, { client, output }: Context): void {
  group
    .command('next')
    .description('the coming ticks, and when their runs start')
    .argument('[schedule]', 'its name or id; or give --cron')
    .option('--cron <cron>', 'of a pattern that is no schedule yet')
    .option('--time-zone <zone>', 'with --cron: UTC when left out')
    .option('--count <n>', 'so many: 5 when left out', integer)
    .action(
      async (
        schedule: string | undefined,
        { cron, timeZone, count }: { cron?: string; timeZone?: string; count?: number },
      ) => {
        if ((schedule === undefined) === (cron === undefined))
          throw new Failure('Give a schedule, or --cron.', exitCodes.usage);
        const ticks =
          schedule === undefined
            ? await client().schedules.preview({ cron: cron ?? '', time_zone: timeZone }, { count })
            : await client().schedules.next(schedule, { count });
        showTicks(output(), ticks);
      },
    );
}

function showTicks(output: Output, ticks: NextTicks): void {
  if (output.json) return showJson(output, ticks);
  showRows(
    output,
    ['tick', 'starts'],
    ticks.items.map(({ tick, at }) => [tick, at]),
  );
}

function steer(group: Command, { client, output }: Context): void {
  group
    .command('pause')
    .description('start nothing until it is resumed; runs under way go on')
    .argument('<schedule>', 'its name or id')
    .option('--reason <text>', 'shown with the schedule')
    .action(async (id: string, { reason }: { reason?: string }) => {
      const now = await client().schedules.pause(id, defined({ reason }));
      show(output(), now, () => `${now.name} is paused`);
    });
  group
    .command('resume')
    .description('go on from the next tick')
    .argument('<schedule>', 'its name or id')
    .action(async (id: string) => {
      const now = await client().schedules.resume(id);
      show(output(), now, () => `${now.name}: ${nextOf(now)}`);
    });
}

function trigger(group: Command, { client, output }: Context): void {
  group
    .command('trigger')
    .description('start a run now, as at a tick')
    .argument('<schedule>', 'its name or id')
    .option('--force', 'also while the last run has not ended')
    .option('--idempotency-key <key>', 'the same key within 24 hours gives the same run')
    .action(async (id: string, { force, idempotencyKey }: { force?: boolean; idempotencyKey?: string }) => {
      const done = await client().schedules.trigger(id, defined({ force }), { idempotencyKey });
      show(output(), done, () => done.run ?? 'It starts when the last run has ended.');
    });
}

function remove(group: Command, { client, output }: Context): void {
  group
    .command('delete')
    .description('its runs stay')
    .argument('<schedule>', 'its name or id')
    .option('--yes', 'really')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes schedule ${id}.`);
      await client().schedules.delete(id);
      show(output(), { schedule: id, deleted: true }, () => `${id} is deleted`);
    });
}
