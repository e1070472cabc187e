import type { AgentSpecInput } from '@holdfast/contracts';
import { closedLoop, type Load } from '../load/callers.ts';
import { type Child, start } from '../load/child.ts';
import { expectStatus, request } from '../load/http.ts';

/** Ten answers that each ask for one call of a tool that does nothing, then a text: eleven model calls, ten tool calls. */
export const tenSteps: AgentSpecInput = {
  name: 'ten-steps',
  model: { name: 'rehearsal' },
  tools: [{ mcp: 'bench', allow: ['noop'] }],
  limits: { tokens: 1_000_000_000 },
  rehearsal: [{ calls: [{ tool: 'noop', args: {} }], repeat: 10 }, { say: 'done' }],
};

export interface Holdfast {
  /** One run, from its request to its result. */
  run(): Promise<string>;
  load(callers: number, seconds: number): Promise<Load>;
  stop(): Promise<void>;
}

export async function startHoldfast(environment: Readonly<Record<string, string>>): Promise<Holdfast> {
  const child: Child = await start(new URL('../load/holdfast-server.ts', import.meta.url), environment);
  const { url = '', key = '' } = child.ready;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  expectStatus(201, await request('POST', `${url}/v1/agents`, headers, JSON.stringify(tenSteps)));
  const body = JSON.stringify({ agent: tenSteps.name, input: 'go' });
  const run = async (): Promise<string> => {
    const answer = await request('POST', `${url}/v1/runs`, { ...headers, prefer: 'wait=60' }, body);
    const { id, status } = JSON.parse(expectStatus(201, answer)) as { id: string; status: string };
    if (status !== 'succeeded') throw new Error(`run ${id} is ${status}`);
    return id;
  };
  return {
    run,
    load: (callers, seconds) => closedLoop(callers, seconds, run),
    stop: () => child.stop(),
  };
}
