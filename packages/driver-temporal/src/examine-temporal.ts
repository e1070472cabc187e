import type { Finding } from '@holdfast/core';
import { connect, within } from './connect.ts';
import { explainFailure } from './explain-failure.ts';
import { missingSearchAttributes } from './search-attributes.ts';
import type { TemporalSettings } from './temporal-settings.ts';

/** Looks from outside in, and stops where the rest cannot be known. */
export async function* examineTemporal(settings: TemporalSettings): AsyncGenerator<Finding, void, undefined> {
  const { address, namespace, taskQueue } = settings;
  const failed = (check: string, error: unknown): Finding => ({
    check,
    level: 'fail',
    detail: explainFailure(error, settings),
  });
  let connection;
  try {
    connection = await connect(settings);
  } catch (error) {
    yield failed('temporal', error);
    return;
  }
  const { native } = connection;
  const { workflowService } = native;
  try {
    await within(native, () => workflowService.describeNamespace({ namespace }));
    yield { check: 'temporal', level: 'ok', detail: `answers at ${address}, namespace ${namespace}` };
    const missing = await missingSearchAttributes(native, settings);
    yield missing.length === 0
      ? { check: 'temporal attributes', level: 'ok', detail: 'set up' }
      : {
          check: 'temporal attributes',
          level: 'fail',
          detail: `namespace ${namespace} lacks ${missing.join(', ')}: run holdfast migrate`,
        };
    const { pollers } = await within(native, () =>
      workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
    );
    yield pollers !== null && pollers !== undefined && pollers.length > 0
      ? { check: 'temporal workers', level: 'ok', detail: `${pollers.length} poll task queue ${taskQueue}` }
      : {
          check: 'temporal workers',
          level: 'warn',
          detail: `no worker polls task queue ${taskQueue}: is one running, with the same TEMPORAL_TASK_QUEUE?`,
        };
  } catch (error) {
    yield failed('temporal', error);
  } finally {
    await connection.close();
  }
}
