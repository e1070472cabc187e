import { z } from 'zod';
import { eventData } from './event-data.ts';

export type EventType = keyof typeof eventData;
export const eventTypes = Object.keys(eventData) as EventType[];

/** What happened, before the log gave it a number. */
export type EventBody = {
  [T in EventType]: { readonly type: T; readonly data: z.infer<(typeof eventData)[T]> };
}[EventType];

export type BodyOf<T extends EventType> = Extract<EventBody, { type: T }>;
export type DataOf<T extends EventType> = BodyOf<T>['data'];

/** One line of a run's log. `seq` counts from 1 without gaps; `at` is ms since 1970 by the database's clock. */
export type RunEvent = EventBody & { readonly seq: number; readonly at: number };

/** The newest format this release writes; recorded with each event. */
export const EVENT_FORMAT = 1;

/** The event as readers see it, over HTTP. */
export const wireEvent = z
  .object({
    run_id: z.uuid(),
    seq: z.int().positive(),
    type: z.enum(eventTypes),
    format: z.int().positive(),
    at: z.iso.datetime(),
    data: z.record(z.string(), z.unknown()).meta({ description: 'The facts; each type has its own, see the events.' }),
  })
  .meta({ id: 'Event' });
export type WireEvent = z.infer<typeof wireEvent>;

/** The three types after which only `tool.resolved` may follow. */
export const terminalTypes = ['run.succeeded', 'run.failed', 'run.cancelled'] as const;
export const isTerminal = (type: string): boolean => (terminalTypes as readonly string[]).includes(type);
