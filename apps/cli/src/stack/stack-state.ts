import { z } from 'zod';
import { compose, type Docker } from './docker.ts';

/** How a part of the stack is: `waits` = it may still become well by itself. */
export interface PartState {
  readonly name: string;
  readonly state: 'ok' | 'waits' | 'sick';
  readonly detail: string;
  /** What it waits for before it starts. */
  readonly needs: readonly string[];
}

const config = z.object({
  services: z.record(
    z.string(),
    z.object({
      restart: z.string().default('no'),
      scale: z.number().default(1),
      depends_on: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

const container = z.object({
  Service: z.string(),
  State: z.string(),
  Health: z.string().default(''),
  ExitCode: z.number().default(0),
  Status: z.string().default(''),
  Labels: z.string().default(''),
});
type Container = z.output<typeof container>;

/** Every part, in the order in which they start. */
export async function stackState(docker: Docker): Promise<readonly PartState[]> {
  const [shown, listed] = [
    await compose(docker, ['config', '--format', 'json']),
    await compose(docker, ['ps', '--all', '--format', 'json']),
  ];
  const { services } = config.parse(JSON.parse(shown));
  // What `docker compose run` has started is no part of the stack.
  const containers = containersOf(listed).filter(({ Labels: labels }) => !labels.includes(`${ONE_OFF}=True`));
  const states = Object.entries(services).map(([name, { restart, scale, depends_on: needs }]) => ({
    name,
    needs: Object.keys(needs),
    ...together(
      containers
        .filter(({ Service: service }) => service === name)
        .map((each) => judged(each, restart.startsWith('on-failure'))),
      scale,
    ),
  }));
  return inOrder(states);
}

/** The parts that keep others from becoming well: those that are not, while all that they need is. */
export const sickParts = (states: readonly PartState[]): readonly PartState[] =>
  states.filter(
    ({ state, needs }) =>
      state === 'sick' && needs.every((need) => states.find(({ name }) => name === need)?.state === 'ok'),
  );

/** Compose says one object a line; older releases said a list. */
function containersOf(text: string): readonly Container[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const all: unknown = JSON.parse(trimmed.startsWith('[') ? trimmed : `[${trimmed.split('\n').join(',')}]`);
  return z.array(container).parse(all);
}

const ONE_OFF = 'com.docker.compose.oneoff';

type Judged = Pick<PartState, 'state' | 'detail'>;
const worstFirst = ['sick', 'waits', 'ok'] as const;

/** A part is as well as the worst of its containers, all of which must be there. */
function together(all: readonly Judged[], scale: number): Judged {
  const [first] = worstFirst.flatMap((state) => all.filter((each) => each.state === state));
  if (first === undefined) return { state: 'sick', detail: 'is not there' };
  if (first.state === 'ok' && all.length < scale)
    return { state: 'sick', detail: `only ${all.length} of ${scale} are there` };
  const alike = all.filter(({ state }) => state === first.state).length;
  return all.length === 1 ? first : { ...first, detail: `${alike} of ${all.length}: ${first.detail}` };
}

function judged(found: Container, isJob: boolean): Judged {
  const { State: state, Health: health, ExitCode: code, Status: status } = found;
  if (isJob && state === 'exited' && code === 0) return { state: 'ok', detail: 'done' };
  if (state === 'running' && !isJob && (health === 'healthy' || health === '')) return { state: 'ok', detail: status };
  if (state === 'running' && health !== 'unhealthy') return { state: 'waits', detail: status };
  if (state === 'created') return { state: 'waits', detail: 'not started yet' };
  if (state === 'restarting') return { state: isJob ? 'waits' : 'sick', detail: `ended with ${code}, starts again` };
  if (state === 'exited') return { state: 'sick', detail: `ended with ${code}` };
  if (state === 'paused')
    return { state: 'sick', detail: `paused; docker compose unpause ${found.Service} lets it go on` };
  return { state: 'sick', detail: health === 'unhealthy' ? `unhealthy: ${status}` : `${state}: ${status}` };
}

function inOrder(states: readonly PartState[]): readonly PartState[] {
  const order: PartState[] = [];
  let left = states;
  while (left.length > 0) {
    const here = (name: string): boolean => left.every((each) => each.name !== name);
    const next = left.filter(({ needs }) => needs.every(here));
    // Compose refuses circles before this is reached.
    if (next.length === 0) return [...order, ...left];
    order.push(...next.toSorted((a, b) => a.name.localeCompare(b.name)));
    left = left.filter((each) => !next.includes(each));
  }
  return order;
}
