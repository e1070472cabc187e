import type { JsonObject } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { version } from '../run/testing/versions.ts';
import { SecretUnresolved } from '../secrets/resolve-secrets.ts';
import { answered, REF, World } from './testing/world.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const VALUE = 'correct-horse-battery';

async function world(): Promise<World> {
  const w = await World.create(version());
  w.redaction.add(REF.tenant, 'token', VALUE);
  return w;
}

const logged = (w: World): string => w.runs.events.map(({ payload }) => payload).join('\n');
const stored = (w: World): string =>
  [...w.artifacts.files.values()].map((bytes) => new TextDecoder().decode(bytes)).join('\n');

it('what a tool answers is recorded and shown to the model without values', async () => {
  const w = await world();
  await w.held();
  await w.asks('once');
  w.tool().answer(answered(`your header was ${VALUE}`));
  await w.until(() => w.models.length === 2);
  expect(logged(w)).toContain('your header was [secret:token]');
  expect(logged(w)).not.toContain(VALUE);
  expect(JSON.stringify(w.model().request.messages)).not.toContain(VALUE);
});

it('a long answer is stored without values, its beginning too', async () => {
  const w = await world();
  await w.held();
  await w.asks('once');
  w.tool().answer(answered(`${VALUE} `.repeat(5_000)));
  await w.untilLog('tool.returned');
  expect(w.artifacts.files.size).toBeGreaterThan(0);
  expect(logged(w) + stored(w)).not.toContain(VALUE);
  expect(stored(w)).toContain('[secret:token]');
});

it.each(['no-answer', 'not-sent'] as const)('a tool’s %s says no value', async (type) => {
  const w = await world();
  await w.held();
  await w.asks('read');
  w.tool().answer({ type, message: `refused ${VALUE}` });
  await w.untilLog('tool.failed');
  expect(logged(w)).toContain('refused [secret:token]');
  expect(logged(w)).not.toContain(VALUE);
});

it('a late answer says no value', async () => {
  const w = await world();
  await w.held();
  await w.asks('once');
  await vi.advanceTimersByTimeAsync(10_000);
  await w.untilLog('tool.unknown');
  w.tool().answer(answered(VALUE));
  await w.untilLog('tool.resolved');
  expect(logged(w)).not.toContain(VALUE);
});

it('what a model says, asks for or fails with has no value in it', async () => {
  const w = await world();
  await w.held();
  const args: JsonObject = { header: VALUE, [VALUE]: 1 };
  w.modelAnswers([['read', args]], text(`I use ${VALUE}`));
  await w.until(() => w.tools.length === 1);
  expect(w.tool().request.arguments).toEqual({ header: '[secret:token]', '[secret:token]': 1 });
  w.tool().answer(answered());
  await w.until(() => w.models.length === 2);
  w.model().answer({ type: 'failed', class: 'permanent', message: `no ${VALUE}` });
  await w.until(() => logged(w).includes('no [secret:token]'));
  expect(logged(w)).not.toContain(VALUE);
});

it('a call whose secret is not there was not sent', async () => {
  const w = await world();
  const message = 'There is no secret gone.';
  const tools = { call: () => Promise.reject(new SecretUnresolved('secret_unknown', message)) };
  await w.held({ tools });
  w.modelAnswers(['once']);
  await w.untilLog('tool.failed');
  const failed = w.runs.events.findLast(({ type }) => type === 'tool.failed');
  expect(JSON.parse(failed?.payload ?? '')).toMatchObject({ class: 'not-sent', message });
});
