import { expect, test } from 'vitest';
import type { StoredFiles } from '../log/artifact-store.ts';
import { eraseTenants, type ErasePorts } from './erase-tenant.ts';
import type { TenantErasure } from './tenant-store.ts';

const row = { kind: 'erasure', tenant: 't', subject: 't', attempt: 1, reservedUntil: 1 } as const;

/** What was done, in order. `left`: a file that cannot be removed. */
function world(
  erase: Awaited<ReturnType<TenantErasure['erase']>>,
  finish: Awaited<ReturnType<TenantErasure['finish']>> = 'erased',
  left = false,
) {
  const done: string[] = [];
  const ports: ErasePorts = {
    erasure: {
      erase: () => Promise.resolve(erase),
      finish: (_scope, files) => Promise.resolve((done.push(`finish ${files}`), finish)),
    },
    artifacts: {
      removeTenant: () => Promise.resolve((done.push('files'), 3)),
      hasTenant: () => Promise.resolve(left),
    } as unknown as StoredFiles,
    clock: { now: () => 1_000, monotonic: () => 0 },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  return { done, outcome: () => eraseTenants(ports)(row) };
}

test.each([
  ['more', { again: 1_000 }],
  ['held', { again: 2_000 }],
  ['kept', 'done'],
  ['gone', 'done'],
] as const)('%s: no file is touched', async (step, outcome) => {
  const { done, outcome: handled } = world(step);
  expect(await handled()).toEqual(outcome);
  expect(done).toEqual([]);
});

test('files go once no row is left, and the tenant goes last', async () => {
  const { done, outcome } = world('clean');
  expect(await outcome()).toBe('done');
  expect(done).toEqual(['files', 'finish 3']);
});

test('what came in between begins it again', async () => {
  expect(await world('clean', 'rests').outcome()).toEqual({ again: 1_000 });
});

test('nothing is proven while a file is left', async () => {
  const { done, outcome } = world('clean', 'erased', true);
  await expect(outcome()).rejects.toThrow('files of tenant t are left');
  expect(done).toEqual(['files']);
});
