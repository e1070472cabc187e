import { text } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import type { Command } from '../run/command.ts';
import { person, type Simulation } from '../run/testing/simulation.suite.ts';
import { asks, openModel, started } from '../run/testing/steps.ts';
import { plan } from './plan.ts';

const types = (planned: ReturnType<typeof plan>): string[] => planned.events.map((event) => event.type);
const at = (sim: Simulation): { at: number } => ({ at: sim.now });
const answer = (sim: Simulation, call: string): Command => ({
  type: 'tool_answered',
  call,
  attempt: 1,
  content: text('ok'),
  isError: false,
  ...at(sim),
});

describe('a plan', () => {
  it('puts the results that ended and the intents that follow into one append', () => {
    const sim = started();
    const [one = '', two = ''] = asks(sim, 'read', 'read');
    const planned = plan(sim.run, [answer(sim, one), answer(sim, two)], sim.now, 'all');
    expect(types(planned)).toEqual(['tool.returned', 'tool.returned', 'model.called']);
    expect(planned.starts).toMatchObject([{ do: 'call-model', intent: { data: { call: 'm2', attempt: 1 } } }]);
    expect(planned.run.state.head).toBe(sim.run.state.head + 3);
    expect(planned.events.map(({ seq }) => seq)).toEqual([1, 2, 3].map((step) => sim.run.state.head + step));
  });

  it('starts each call once, with the intent that is in the log', () => {
    const sim = started();
    const toolCalls = ['read', 'once', 'same'].map((name) => ({ id: name, name, arguments: {} }));
    const planned = plan(
      sim.run,
      [
        {
          type: 'model_answered',
          ...openModel(sim),
          content: [],
          toolCalls,
          usage: null,
          finishReason: '',
          model: 'm',
          ...at(sim),
        },
      ],
      sim.now,
      'all',
    );
    expect(planned.starts.map(({ intent }) => intent)).toEqual(
      planned.events.slice(1).map(({ type, data }) => ({ type, data })),
    );
    expect(plan(planned.run, [], sim.now, 'all')).toMatchObject({ events: [], starts: [], aborts: [], refused: [] });
  });

  it('goes on until nothing more follows', () => {
    const sim = started();
    const toolCalls = [{ id: 'w', name: 'wait', arguments: { seconds: 0 } }];
    const planned = plan(
      sim.run,
      [
        {
          type: 'model_answered',
          ...openModel(sim),
          content: [],
          toolCalls,
          usage: null,
          finishReason: '',
          model: 'm',
          ...at(sim),
        },
      ],
      sim.now,
      'all',
    );
    expect(types(planned)).toEqual(['model.answered', 'wait.began', 'wait.ended', 'model.called']);
    expect(planned.starts.map((start) => start.do)).toEqual(['call-model']);
  });

  it('writes results but begins nothing while draining', () => {
    const sim = started();
    const [one = ''] = asks(sim, 'read');
    const planned = plan(sim.run, [answer(sim, one)], sim.now, 'ends');
    expect(types(planned)).toEqual(['tool.returned']);
    expect(planned.starts).toEqual([]);
  });

  it('hands back what was refused, and takes the rest', () => {
    const sim = started();
    const [one = ''] = asks(sim, 'read');
    const stale = answer(sim, '99.0');
    const planned = plan(sim.run, [stale, answer(sim, one)], sim.now, 'all');
    expect(planned.refused).toMatchObject([{ command: stale, refusal: { code: 'stale_result' } }]);
    expect(types(planned)).toEqual(['tool.returned', 'model.called']);
  });

  it('names the calls to end early, which stay open until they do', () => {
    const sim = started();
    const planned = plan(sim.run, [{ type: 'cancel', by: person, ...at(sim) }], sim.now, 'all');
    expect(new Set(planned.aborts)).toEqual(new Set(['m1']));
    expect(types(planned)).toEqual(['run.cancel_requested']);
  });

  it('gives each event the time of its command, and never an earlier one than the last', () => {
    const sim = started();
    const [one = '', two = ''] = asks(sim, 'read', 'read');
    const planned = plan(
      sim.run,
      [
        { ...answer(sim, one), at: sim.now + 700 },
        { ...answer(sim, two), at: sim.now + 300 },
      ],
      sim.now + 900,
      'all',
    );
    expect(planned.events.map((event) => event.at - sim.now)).toEqual([700, 700, 900]);
  });
});
