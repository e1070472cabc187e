import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_FORMAT, eventTypes } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { foldRecorded, type RecordedRun } from './recorded-run.ts';

// Logs stay as long as their runs, and every later release folds them from their first event.

const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const recorded = (name: string): RecordedRun => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RecordedRun;

/** Types that no recorded log has. One that comes later gets a log. */
const unrecorded = [
  'log.went_back',
  'run.restored',
  'engine.lost',
  'engine.resumed',
  'answer.rejected',
  'model.interrupted',
  'model.failed',
  'tool.late_result',
  'tool.changed',
  'approval.given',
  'approval.changed',
  'context.compacted',
  'budget.lifted',
  'budget.noticed',
];

describe('the log of a run that was written earlier', () => {
  it.each(names)('comes to the same as when it was recorded: %s', async (name) => {
    const run = recorded(name);
    expect(await foldRecorded(run)).toEqual(run.folded);
  });

  it('does not come to the same where an event cannot be read any more', async () => {
    const run = recorded('once-and-idempotent.json');
    const events = run.events.map((event) => (event.type === 'tool.returned' ? { ...event, payload: '{}' } : event));
    expect(await foldRecorded({ ...run, events })).not.toEqual(run.folded);
  });

  it('is there for each type of events but for those that are listed, and for each format', () => {
    const events = names.flatMap((name) => recorded(name).events);
    const types = new Set(events.map(({ type }) => type));
    expect(eventTypes.filter((type) => !types.has(type))).toEqual(unrecorded);
    expect(new Set(events.map(({ format }) => format)).size).toBe(EVENT_FORMAT);
  });
});
