import { appendTo, newRun, newTenant } from '@holdfast/testing';
import { migrate, openDatabase } from './database.ts';
import { storesOf } from './open-stores.suite.ts';

/** A process that appends until it is killed, and tells of each commit once it was acknowledged. */
const opened = await openDatabase(`pglite://${process.argv[2] ?? ''}`);
await migrate(opened);
const stores = await storesOf(opened);
const run = await newRun(stores, await newTenant(stores));
for (let head = 1; ; head += 1) {
  await stores.api.runs.append(appendTo(run, head));
  await new Promise((resolve) => process.send?.({ ...run, head: head + 1 }, resolve));
}
