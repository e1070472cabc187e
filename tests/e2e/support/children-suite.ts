import { expect, test } from 'vitest';
import { boss, Family, helper } from './children.ts';
import type { TestServer } from './server.ts';

/** Runs that start runs, over HTTP. */
export function describeChildren(server: () => TestServer): void {
  const open = (name: string): Promise<Family> => Family.open(server(), name);

  test('three children work side by side, and the parent gets each answer once', async () => {
    const family = await open('three');
    await family.publish(helper('helper'), boss('boss', ['helper', 'helper', 'helper']));
    const parent = await family.start('boss');
    const ended = await family.becomes(parent, 'succeeded');
    expect(ended['output']).toMatchObject([
      { text: expect.stringMatching(/^3 answered, at last: helper heard task \d$/) },
    ]);
    const children = await family.children(parent, 3);
    expect(new Set(children).size).toBe(3);
    const order = (await family.events(parent)).map(({ type }) => type).filter((type) => type.startsWith('child.'));
    expect(order).toEqual([...Array(3).fill('child.started'), ...Array(3).fill('child.ended')]);
    const answers = await family.of(parent, 'child.ended');
    expect(new Set(answers.map(({ run }) => run))).toEqual(new Set(children));
    for (const [index, child] of children.entries()) {
      const run = await family.run(child);
      expect(run).toMatchObject({ status: 'succeeded', agent: 'helper', parent: { run: parent, call: `5.${index}` } });
      expect(run['input']).toEqual([{ type: 'text', text: `task ${index}` }]);
      expect((await family.of(child, 'run.created'))[0]).toMatchObject({
        parent: { run: parent, call: `5.${index}`, root: parent, depth: 1 },
      });
    }
  });

  test('a child that fails is told to the model as an error, and the parent goes on', async () => {
    const family = await open('failing');
    await family.publish(
      helper('late', [], { limits: { deadline: '1ms', steps: 10 } }),
      boss('boss', ['late'], {
        rehearsal: [{ calls: [{ tool: 'late', args: { input: { any: ['json', 1] } } }] }, { say: '{{last}}' }],
      }),
    );
    const parent = await family.start('boss');
    const { output } = await family.becomes(parent, 'succeeded');
    expect(JSON.stringify(output)).toContain('The run failed (deadline_exceeded)');
    const [child = ''] = await family.children(parent);
    expect((await family.run(child))['input']).toEqual([{ type: 'text', text: '{"any":["json",1]}' }]);
  });

  test('a child that waits for a person is seen from its parent, which holds no slot', async () => {
    const family = await open('approving');
    await family.publish(
      helper('writer', [{ tool: 'artifacts_write', args: { name: 'a.txt', content: 'x' } }]),
      boss('boss', ['writer']),
    );
    const parent = await family.start('boss');
    const [child = ''] = await family.children(parent);
    await family.until(async () => (await family.attention()).length === 1);
    const [asked = {}] = await family.attention();
    expect(asked).toMatchObject({ run_id: child, kind: 'approval' });
    expect(await family.run(parent)).toMatchObject({
      status: 'waiting',
      waiting_for: [{ reason: 'child', ref: child, until: null }],
    });
    expect((await family.run(child))['waiting_for']).toMatchObject([{ reason: 'attention' }]);
    await family.decide(child, String(asked['ref']), { decision: 'approve' });
    await family.becomes(parent, 'succeeded');
  });

  test('the call of an agent may need an approval itself', async () => {
    const family = await open('guarded');
    await family.publish(helper('helper'), boss('boss', ['helper'], { tools: [{ agent: 'helper', approval: {} }] }));
    const parent = await family.start('boss');
    await family.until(async () => (await family.attention()).length === 1);
    expect(await family.of(parent, 'child.started')).toEqual([]);
    const [asked = {}] = await family.attention();
    await family.decide(parent, String(asked['ref']), { decision: 'approve' });
    await family.becomes(parent, 'succeeded');
    expect(await family.of(parent, 'child.started')).toHaveLength(1);
  });

  const threeStoreys = async (name: string): Promise<{ family: Family; runs: [string, string, string] }> => {
    const family = await open(name);
    await family.publish(
      helper('bottom', [{ tool: 'ask', args: { question: 'Well?' } }]),
      boss('middle', ['bottom']),
      boss('top', ['middle']),
    );
    const top = await family.start('top');
    const [middle = ''] = await family.children(top);
    const [bottom = ''] = await family.children(middle);
    await family.until(async () => (await family.attention()).length === 1);
    return { family, runs: [top, middle, bottom] };
  };

  test('a cancel passes down, and each ends after those below it', async () => {
    const { family, runs } = await threeStoreys('cancelling');
    await family.ask('POST', `/runs/${runs[0]}/cancel`, {});
    for (const run of runs) await family.becomes(run, 'cancelled');
    for (const run of runs.slice(0, 2)) {
      const types = (await family.events(run)).map(({ type }) => type);
      expect(types.filter((type) => type !== 'run.claimed').slice(-3)).toEqual([
        'run.cancel_requested',
        'child.ended',
        'run.cancelled',
      ]);
    }
    expect(await family.attention()).toEqual([]);
  });

  test('a pause and a resume pass down', async () => {
    const { family, runs } = await threeStoreys('pausing');
    await family.ask('POST', `/runs/${runs[0]}/pause`, {});
    for (const run of runs) await family.becomes(run, 'paused');
    await family.ask('POST', `/runs/${runs[0]}/resume`, {});
    for (const run of runs) await family.becomes(run, 'waiting');
    const [asked = {}] = await family.attention();
    await family.decide(runs[2], String(asked['ref']), { decision: 'answer', answer: 'Fine.' });
    for (const run of runs) await family.becomes(run, 'succeeded');
    const { output } = await family.run(runs[0]);
    expect(JSON.stringify(output)).toContain('1 answered, at last: bottom heard task 0');
  });

  test('what a person paused is not resumed with its parent', async () => {
    const { family, runs } = await threeStoreys('paused by hand');
    await family.ask('POST', `/runs/${runs[2]}/pause`, {});
    await family.ask('POST', `/runs/${runs[0]}/pause`, {});
    for (const run of runs) await family.becomes(run, 'paused');
    await family.ask('POST', `/runs/${runs[0]}/resume`, {});
    for (const run of runs.slice(0, 2)) await family.becomes(run, 'waiting');
    expect((await family.run(runs[2]))['status']).toBe('paused');
    await family.ask('POST', `/runs/${runs[2]}/resume`, {});
    await family.becomes(runs[2], 'waiting');
    await family.ask('POST', `/runs/${runs[0]}/cancel`, {});
    for (const run of runs) await family.becomes(run, 'cancelled');
  });

  test('a child gets its share of what is left, and what it used counts above', async () => {
    const family = await open('limited');
    await family.publish(
      helper('helper', [], { limits: { steps: 4, tokens: 100_000_000 } }),
      boss('boss', ['helper', 'helper'], { limits: { steps: 16, tokens: 90_000, deadline: '1h' } }),
    );
    const parent = await family.start('boss');
    await family.becomes(parent, 'succeeded');
    const started = (await family.of(parent, 'child.started')).map(({ limits }) => limits as Record<string, number>);
    // One step was the model's, one more is each call's: of 14 a third, then of 14 - 4 - 1 a half.
    expect(started.map(({ steps }) => steps)).toEqual([4, 4]);
    expect(started[0]?.['tokens']).toBeLessThan(30_000);
    expect(started[0]?.['deadline_ms']).toBeLessThanOrEqual(3_600_000);
    const used = (await family.of(parent, 'child.ended')).map(({ usage }) => usage as Record<string, number>);
    expect(used.map(({ steps }) => steps)).toEqual([1, 1]);
  });

  test('a run that leaves a child no step asks a person', async () => {
    const family = await open('poor');
    await family.publish(helper('helper'), boss('boss', ['helper'], { limits: { steps: 3, tokens: 1_000_000 } }));
    const parent = await family.start('boss');
    await family.until(async () => (await family.attention()).length === 1);
    expect((await family.attention())[0]).toMatchObject({
      run_id: parent,
      kind: 'limit',
      detail: { limit: 'steps' },
    });
    await family.decide(parent, 'limit', { decision: 'raise', to: 20 });
    await family.becomes(parent, 'succeeded');
  });

  test('an agent that calls itself is stopped at the eighth storey', async () => {
    const family = await open('recursive');
    await family.publish({
      ...boss('loop', ['loop'], { limits: { steps: 10_000, tokens: 1_000_000_000 } }),
      rehearsal: [{ calls: [{ tool: 'loop', args: { input: 'again' } }] }, { say: '{{last}}' }],
    });
    const top = await family.start('loop');
    await family.becomes(top, 'succeeded');
    let run = top;
    for (let depth = 1; depth <= 8; depth += 1) [run = ''] = await family.children(run);
    expect(await family.of(run, 'child.started')).toEqual([]);
    expect((await family.of(run, 'tool.not_run'))[0]).toMatchObject({ why: 'too-deep' });
    expect((await family.run(top))['output']).toMatchObject([{ text: expect.stringContaining('8 runs above it') }]);
  });

  test('the version that is called is the one of when its parent was created', async () => {
    const family = await open('pinned');
    await family.publish(helper('helper'), boss('boss', ['helper'], { tools: [{ agent: 'helper', approval: {} }] }));
    const parent = await family.start('boss');
    await family.until(async () => (await family.attention()).length === 1);
    await family.publish(helper('helper', [], { instructions: 'Be new.' }));
    const [asked = {}] = await family.attention();
    await family.decide(parent, String(asked['ref']), { decision: 'approve' });
    await family.becomes(parent, 'succeeded');
    expect((await family.of(parent, 'child.started'))[0]).toMatchObject({ agent: 'helper', version: 1 });
  });

  test('a large input is given whole', async () => {
    const family = await open('large');
    const input = 'word '.repeat(40_000);
    await family.publish(
      helper('helper', [], { rehearsal: [{ say: 'ok' }] }),
      boss('boss', ['helper'], {
        rehearsal: [{ calls: [{ tool: 'helper', args: { input } }] }, { say: 'done' }],
        context: { max_tokens: 1_000_000 },
      }),
    );
    const parent = await family.start('boss');
    await family.becomes(parent, 'succeeded');
    const [child = ''] = await family.children(parent);
    expect((await family.run(child))['input']).toEqual([{ type: 'text', text: input }]);
  });

  test('an agent that is not there cannot be called', async () => {
    const family = await open('strict');
    await expect(family.publish(boss('boss', ['nobody']))).rejects.toThrow('agent_not_found');
    await family.publish(helper('helper'));
    await expect(family.publish(boss('boss', [], { tools: [{ agent: 'helper', version: 7 }] }))).rejects.toThrow(
      'version_not_found',
    );
    await expect(family.publish(boss('boss', [], { tools: [{ agent: 'helper', alias: 'prod' }] }))).rejects.toThrow(
      'alias_not_found',
    );
  });
}
