import { LocalDeltas } from '@holdfast/core';
import { describeDeltas } from '@holdfast/testing';

describeDeltas('in memory', () => {
  const deltas = new LocalDeltas();
  return Promise.resolve({ processes: [deltas, deltas], close: () => Promise.resolve() });
});
