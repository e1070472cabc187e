import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

interface Activities {
  noop(): Promise<void>;
}

const { noop } = proxyActivities<Activities>({ startToCloseTimeout: '1m' });
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '1m' });

export async function tenActivities(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await noop();
}

export async function tenLocalActivities(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await local.noop();
}

export async function oneActivity(): Promise<void> {
  await noop();
}

export const nothing = (): Promise<void> => Promise.resolve();
