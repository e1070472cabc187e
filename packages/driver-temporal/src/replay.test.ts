import { readdirSync, readFileSync } from 'node:fs';
import proto from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from './workflow-bundle.ts';

// Workflows that were begun by an earlier state of the source go on in this one: it must give the commands that stand
// in their histories.

const folder = new URL('../../../tests/histories/temporal/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const recorded = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

describe('a workflow that was begun earlier', () => {
  const logger = new DefaultLogger('ERROR', () => undefined);
  let bundle: Awaited<ReturnType<typeof workflowBundle>>;
  const replay = (json: string): Promise<void> => Worker.runReplayHistory({ workflowBundle: bundle }, historyOf(json));
  beforeAll(async () => {
    Runtime.install({ shutdownSignals: [], logger, telemetryOptions: { logging: { forward: {} } } });
    bundle = await workflowBundle(logger);
  }, 60_000);

  it.each(names)('goes on as in %s', async (name) => {
    await replay(recorded(name));
  });

  it('does not go on where other commands were given', async () => {
    const other = recorded('quick-end.json').replaceAll('"name": "advance"', '"name": "elsewhere"');
    await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
  });

  it('is known in each way of its life', () => {
    const lives = ['cancelled', 'death-of-a-worker', 'quick-end', 'timer-and-approval'];
    expect(names).toEqual(expect.arrayContaining(lives.map((life) => `${life}.json`)));
  });
});

/**
 * What Temporal's command line printed, as the SDK has it. The SDK's own way there compares classes of protobufjs, of
 * which npm may install several copies ("type must be a Type"), so times and durations are read here.
 */
const historyOf = (json: string): proto.temporal.api.history.v1.History =>
  proto.temporal.api.history.v1.History.fromObject(
    JSON.parse(json, (_key, value: unknown) => {
      if (typeof value !== 'string') return value;
      const [, seconds, fraction = ''] = duration.exec(value) ?? [];
      if (seconds !== undefined) return { seconds, nanos: nanos(fraction) };
      const [, moment, part = ''] = time.exec(value) ?? [];
      return moment === undefined ? value : { seconds: Date.parse(`${moment}Z`) / 1_000, nanos: nanos(part) };
    }) as Record<string, unknown>,
  );

const duration = /^(\d+)(?:\.(\d+))?s$/;
const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/;
const nanos = (fraction: string): number => Number(fraction.padEnd(9, '0'));
