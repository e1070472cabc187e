import type { ModelDelta, WireEvent } from '@holdfast/sdk';
import { expect, it } from 'vitest';
import type { Output } from './output.ts';
import { showWords } from './words.ts';

const run_id = '01a219aa-abc4-7665-b168-a34215b53c2e';
const delta = (seq: number, text: string): ModelDelta => ({ run_id, call: 'm', attempt: 1, seq, position: 0, text });
const event = (seq: number, type: WireEvent['type']): WireEvent => ({
  run_id,
  seq,
  type,
  format: 1,
  at: '2026-01-01T00:00:00.000Z',
  data: {},
});

it('shows words below the event that asked for them, and none after the answer', () => {
  let written = '';
  const say = (text: string | Uint8Array): string => (written += String(text));
  const output: Output = { program: 'holdfast', json: false, tty: true, colour: false, out: say, err: say, bytes: say };
  const words = showWords(output);
  words.show(delta(2, 'early, '));
  expect(written).toBe('');
  words.after(event(1, 'run.claimed'));
  words.after(event(2, 'model.called'));
  expect(written).toBe('early, ');
  words.after(event(3, 'message.received'));
  words.show(delta(2, 'in time'));
  words.after(event(4, 'model.answered'));
  words.show(delta(2, ', late'));
  words.end();
  expect(written).toBe('early, in time\n');
});
