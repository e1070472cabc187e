import {
  type NextTicks,
  nextTicks,
  type PauseScheduleBody,
  type ScheduleBody,
  schedulePage,
  type ScheduleResource,
  scheduleResource,
  type ScheduleTrigger,
  scheduleTrigger,
  type TriggerScheduleBody,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions, CreateOptions } from '../http/request.ts';
import type { Tagged } from '../http/transport.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface NextTicksOptions extends CallOptions {
  /** 1 to 100, 5 when left out. */
  readonly count?: number | undefined;
}

/** Runs started by the clock, each named by its id or its name. Its runs: `runs.list({ schedule })`, with the id. */
export class Schedules extends Resource {
  create(body: ScheduleBody, options?: CreateOptions): Promise<ScheduleResource> {
    return this.make('/v1/schedules', scheduleResource, body, options);
  }

  /** With the ETag that a change may be bound to. */
  get(schedule: string, { signal }: CallOptions = {}): Promise<Tagged<ScheduleResource>> {
    return this.transport.tagged({
      method: 'GET',
      path: path`/v1/schedules/${schedule}`,
      answer: scheduleResource,
      signal,
      repeatable: true,
    });
  }

  /** By name. */
  list({ signal, ...query }: PageOptions = {}): List<ScheduleResource> {
    return this.listing('/v1/schedules', schedulePage, query, { signal });
  }

  /** The body is all of it. Where its times change, ticks count from now on. */
  update(schedule: string, body: ScheduleBody, options?: ChangeOptions): Promise<ScheduleResource> {
    return this.put(path`/v1/schedules/${schedule}`, scheduleResource, body, options);
  }

  /** It starts nothing until it is resumed. */
  pause(schedule: string, body: PauseScheduleBody = {}, options?: CreateOptions): Promise<ScheduleResource> {
    return this.make(path`/v1/schedules/${schedule}/pause`, scheduleResource, body, options);
  }

  /** From its next tick on. */
  resume(schedule: string, options?: CreateOptions): Promise<ScheduleResource> {
    return this.make(path`/v1/schedules/${schedule}/resume`, scheduleResource, {}, options);
  }

  /** A run now, by its overlap policy, or whatever that says with `force`. */
  trigger(schedule: string, body: TriggerScheduleBody = {}, options?: CreateOptions): Promise<ScheduleTrigger> {
    return this.make(path`/v1/schedules/${schedule}/trigger`, scheduleTrigger, body, options);
  }

  /** Its coming ticks. */
  next(schedule: string, { count, ...options }: NextTicksOptions = {}): Promise<NextTicks> {
    return this.read(path`/v1/schedules/${schedule}/next`, nextTicks, options, { count });
  }

  /** What a pattern comes to, before there is a schedule. */
  preview(
    times: { readonly cron: string; readonly time_zone?: string | undefined },
    { count, ...options }: NextTicksOptions = {},
  ): Promise<NextTicks> {
    return this.read('/v1/schedule-preview', nextTicks, options, { ...times, count });
  }

  /** Its runs stay. */
  delete(schedule: string, options?: ChangeOptions): Promise<void> {
    return this.remove(path`/v1/schedules/${schedule}`, options);
  }
}
