import { expect, it } from 'vitest';
import { ArtifactDamaged, ArtifactsUnavailable } from '../log/artifact-store.ts';
import { patientArtifacts } from './patient-artifacts.ts';
import { MemoryArtifacts } from './testing/memory-runs.ts';

const ref = { tenant: 'acme', run: 'r1' };
const bytes = new Uint8Array([1]);

/** Away for the next `count` calls; time goes on by 10 s with each. */
function away(count: number, error: Error = new ArtifactsUnavailable('nobody answers')) {
  const store = new MemoryArtifacts();
  let now = 0;
  let calls = 0;
  const flaky =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> => {
      now += 10_000;
      calls += 1;
      return calls <= count ? Promise.reject(error) : call(...args);
    };
  const patient = patientArtifacts(
    {
      put: flaky((...args) => store.put(...args)),
      get: flaky((...args) => store.get(...args)),
      copy: flaky((...args) => store.copy(...args)),
    },
    { patienceMs: 60_000, clock: { monotonic: () => now } },
  );
  return { store, patient, calls: () => calls };
}

it('writes, reads and copies when the store is back', async () => {
  const { patient, calls } = away(2);
  await patient.put(ref, 'd', bytes);
  expect(calls()).toBe(3);
  expect(await patient.get(ref, 'd')).toEqual(bytes);
  expect(await patient.copy(ref, { ...ref, run: 'r2' }, 'd')).toBe(true);
});

it('takes no file for an answer', async () => {
  const { patient, calls } = away(1);
  expect(await patient.get(ref, 'd')).toBeNull();
  expect(calls()).toBe(2);
});

it('gives up when its patience is over, and at once for what waiting does not mend', async () => {
  await expect(away(100).patient.put(ref, 'd', bytes)).rejects.toThrow(ArtifactsUnavailable);
  const damaged = away(100, new ArtifactDamaged('other bytes'));
  await expect(damaged.patient.get(ref, 'd')).rejects.toThrow(ArtifactDamaged);
  expect(damaged.calls()).toBe(1);
});
