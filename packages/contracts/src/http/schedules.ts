import { z } from 'zod';
import { actor } from '../actor.ts';
import { json } from '../json.ts';
import { agentName, aliasName } from './agents.ts';
import { versionNumber } from './numbers.ts';
import { page, pageQuery } from './page.ts';
import { runInput, runMetadata, runTags } from './runs.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const scheduleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, {
    error: 'must be lower-case letters, digits and dashes, beginning with a letter',
  })
  .refine((name) => !uuid.test(name), { error: 'must not look like an id' });

/** Where a path names a schedule. */
export const scheduleId = z
  .string()
  .transform((text) => (uuid.test(text) ? text.toLowerCase() : text))
  .refine((text) => uuid.test(text) || scheduleName.safeParse(text).success, {
    error: 'must be the id or the name of a schedule',
  });

/** What happens at a tick while the last run has not ended: pass it, start one run after that end, start one beside it, or cancel it and start one after its end. */
export const scheduleOverlap = z.enum(['skip', 'buffer-one', 'allow', 'cancel-other']);

const cron = z
  .string()
  .max(200)
  .describe('5 fields (minute, hour, day of month, month, day of week), or 6 with seconds first.');
const timeZone = z.string().max(100).describe('A name of the IANA database, such as Europe/Berlin.');
/** A list of schedules shows their inputs. */
const MAX_INPUT = 65_536;

const time = z.iso.datetime({ offset: true });

/** What a schedule is; a change names all of it again. */
export const scheduleBody = z
  .strictObject({
    name: scheduleName,
    agent: agentName,
    version: versionNumber.optional().describe('Left out, with `alias`, too: the latest one at each tick.'),
    alias: aliasName.optional().describe('Looked up at each tick.'),
    input: runInput
      .refine((input) => JSON.stringify(input).length <= MAX_INPUT, {
        error: `at most ${MAX_INPUT} characters as JSON`,
      })
      .default(''),
    metadata: runMetadata.default({}),
    tags: runTags.default([]),
    priority: z.int().min(-100).max(100).default(0),
    cron,
    time_zone: timeZone.default('UTC'),
    jitter_seconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(0)
      .describe(
        'Each run starts up to so much later than its tick, before the next tick; for one tick it is always the same.',
      ),
    overlap: scheduleOverlap.default('skip'),
    catch_up_seconds: z
      .int()
      .min(10)
      .max(2_592_000)
      .default(86_400)
      .describe('Ticks for which no worker was there are made up for, but not later than so much.'),
    starts_at: time.optional().describe('No tick before it.'),
    ends_at: time.optional().describe('No tick after it.'),
  })
  .refine((body) => body.version === undefined || body.alias === undefined, {
    error: 'give version or alias, not both',
    path: ['alias'],
  })
  .meta({ id: 'SetSchedule' });
export type ScheduleBody = z.input<typeof scheduleBody>;

const count = z.int().nonnegative();

export const scheduleResource = z
  .object({
    id: z.uuid(),
    name: z.string(),
    agent: z.string(),
    version: z.int().positive().nullable(),
    alias: z.string().nullable(),
    input: json,
    metadata: z.record(z.string(), z.string()),
    tags: z.array(z.string()),
    priority: z.int(),
    cron: z.string(),
    time_zone: z.string(),
    jitter_seconds: count,
    overlap: scheduleOverlap,
    catch_up_seconds: count,
    starts_at: z.iso.datetime().nullable(),
    ends_at: z.iso.datetime().nullable(),
    paused: z
      .object({ at: z.iso.datetime(), by: actor, reason: z.string().nullable() })
      .nullable()
      .describe(
        'Set while it starts nothing; `by` of type `system`: it has paused itself after ten failures in a row.',
      ),
    next_at: z.iso.datetime().nullable().describe('When it starts the next run; null: not before it is changed.'),
    buffered: z.boolean().describe('A run starts when the last one has ended.'),
    last_run: z.uuid().nullable(),
    last_tick: z.iso.datetime().nullable().describe('The newest tick that has started a run.'),
    fired: count.describe('Runs that it has started.'),
    skipped: count.describe('Ticks that were passed because the last run had not ended.'),
    missed: count.describe(
      'Ticks that were older than the catch-up window when a worker came. More than 1,000 in one go count as 1,000.',
    ),
    failed: count.describe('Ticks whose run could not be started.'),
    last_error: z
      .object({ at: z.iso.datetime(), tick: z.iso.datetime().nullable(), code: z.string(), detail: z.string() })
      .nullable()
      .describe('Why a run could not be started, the last time.'),
    revision: z.int().positive().describe('Counts what people have changed; its ETag.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Schedule' });
export type ScheduleResource = z.output<typeof scheduleResource>;

export const schedulePage = page(scheduleResource).meta({ id: 'SchedulePage' });
export const listSchedulesQuery = pageQuery;

const ticksCount = z.coerce.number().int().min(1).max(100).default(5).describe('So many.');

export const nextTicksQuery = z.strictObject({ count: ticksCount });
/** Of a schedule that need not exist. */
export const previewTicksQuery = z.strictObject({ cron, time_zone: timeZone.default('UTC'), count: ticksCount });

export const nextTicks = z
  .object({
    items: z.array(
      z.object({
        tick: z.iso.datetime().describe('The time that the pattern names.'),
        at: z.iso.datetime().describe('When the run is started: the same, or later by the jitter.'),
      }),
    ),
  })
  .meta({ id: 'NextTicks' });
export type NextTicks = z.output<typeof nextTicks>;

/** May be left out. */
export const pauseScheduleBody = z.strictObject({ reason: z.string().max(1_000).optional() });
export type PauseScheduleBody = z.input<typeof pauseScheduleBody>;

/** May be left out. */
export const triggerScheduleBody = z.strictObject({
  force: z.boolean().default(false).describe('Whatever the overlap policy says.'),
});
export type TriggerScheduleBody = z.input<typeof triggerScheduleBody>;

export const scheduleTrigger = z
  .object({
    schedule: z.uuid(),
    outcome: z.enum(['started', 'buffered']).describe('`buffered`: it starts when the last run has ended.'),
    run: z.uuid().nullable(),
  })
  .meta({ id: 'ScheduleTrigger' });
export type ScheduleTrigger = z.output<typeof scheduleTrigger>;
