import { ArtifactsBusy } from '@holdfast/core';
import { expect, test } from 'vitest';
import { StreamPlaces } from './stream-places.ts';

const [acme, globex, initech] = ['acme', 'globex', 'initech'].map((tenant) => ({ tenant })) as [
  { tenant: string },
  { tenant: string },
  { tenant: string },
];

test('lets in as many as fit, of one tenant half of them, and refuses who waited in vain', async () => {
  const places = new StreamPlaces('downloads', 4, 5);
  await places.take(acme);
  await places.take(acme);
  await expect(places.take(acme)).rejects.toThrow(ArtifactsBusy);
  await places.take(globex);
  await places.take(globex);
  const refused = { code: 'artifacts_busy', message: expect.stringContaining('4 downloads') as string };
  await expect(places.take(initech)).rejects.toMatchObject(refused);
});

test('lets in who waits when a place is left, the first whose tenant may have it', async () => {
  const places = new StreamPlaces('uploads', 2, 60_000);
  await places.take(acme);
  await places.take(globex);
  const order: string[] = [];
  const waiting = [acme, globex, globex].map((scope, index) =>
    places.take(scope).then(() => order.push(`${scope.tenant} ${index}`)),
  );
  places.leave(globex);
  await waiting[1];
  expect(order).toEqual(['globex 1']);
  places.leave(globex);
  places.leave(acme);
  await Promise.all(waiting);
  expect(order).toEqual(['globex 1', 'globex 2', 'acme 0']);
});
