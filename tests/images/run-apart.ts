import { freePort, type InstalledPostgres, startPostgres } from '@holdfast/testing/servers';
import { z } from 'zod';
import { docker, healthy, runOnce, stop, until } from './docker.ts';
import { confined } from './run-standalone.ts';

/** Two calls of the model, of which the first takes a while; `wait` lets go of the run in between. */
const agent = `name: slow
model: { name: rehearsal }
tools: [{ builtin: wait }]
rehearsal:
  - say: I will wait for a moment.
    calls: [{ tool: wait, args: { seconds: 1 } }]
    delay: 5s
  - say: Done.
`;

const eventsSchema = z.object({ items: z.array(z.object({ type: z.string() })) });

/**
 * Migrations, the API and a worker apart, on a Postgres of this machine. The worker is stopped in the middle of a call, and
 * another finishes the run. Answers what was seen. @throws when anything is otherwise.
 */
export async function runApart(image: string, { name, bin }: InstalledPostgres): Promise<string> {
  const postgres = await startPostgres({ bin });
  const volume = await docker('volume', 'create');
  const port = await freePort();
  const containers: string[] = [];
  const options = [
    ...confined,
    '--network=host',
    `--volume=${volume}:/var/lib/holdfast`,
    '--env=HOST=127.0.0.1',
    `--env=DATABASE_URL=${postgres.url}`,
    `--env=PORT=${port}`,
    `--env=METRICS_PORT=${await freePort()}`,
  ];
  const start = async (word: string): Promise<string> => {
    const container = await docker('run', '--detach', ...options, image, word);
    containers.push(container);
    await healthy(container);
    return container;
  };
  try {
    const migrated = await runOnce(...options, image, 'migrate');
    if (migrated.code !== 0 || !migrated.text.includes('Applied'))
      throw new Error(`migrate exits with ${migrated.code}: ${migrated.text}`);
    const made = await docker('run', '--rm', ...options, image, 'holdfast', 'init', '--tenant', 'acme');
    const key = made.split('\n').at(-1) ?? '';
    const api = await start('api');
    const worker = await start('worker');

    const url = `http://127.0.0.1:${port}`;
    const authorization = `Bearer ${key}`;
    const cli = (...args: readonly string[]): Promise<string> =>
      docker('exec', '--env', `HOLDFAST_URL=${url}`, '--env', `HOLDFAST_API_KEY=${key}`, api, 'holdfast', ...args);
    const published = await fetch(`${url}/v1/agents`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/yaml' },
      body: agent,
    });
    if (published.status !== 201) throw new Error(`the agent is refused: ${await published.text()}`);
    const run = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await cli('run', 'slow', '--detach'))?.[0] ?? '';
    const events = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${url}/v1/runs/${run}/events`, { headers: { authorization } });
      return eventsSchema.parse(await answer.json()).items.map(({ type }) => type);
    };
    await until(worker, 'calling the model', 30, async () => (await events()).includes('model.called'));
    const { code, seconds } = await stop(worker, 30);
    if (code !== 0) throw new Error(`the stopped worker exits with ${code}`);
    if (!(await events()).includes('model.answered')) throw new Error('the call under way was not waited for');

    const next = await start('worker');
    await until(next, 'done with the run', 60, async () => (await events()).includes('run.succeeded'));
    const calls = (await events()).filter((type) => type === 'model.called').length;
    if (calls !== 2) throw new Error(`the model was called ${calls} times instead of twice`);
    const stopped = await stop(api, 30);
    if (stopped.code !== 0) throw new Error(`the stopped API exits with ${stopped.code}`);
    return `on Postgres ${name}. SIGTERM in a model call of 5 s: the worker ended after ${seconds.toFixed(1)} s with the answer in the log, the next one finished the run; the API ended in ${stopped.seconds.toFixed(1)} s`;
  } finally {
    for (const container of containers) await docker('rm', '--force', container);
    await docker('volume', 'rm', volume);
    await postgres.stop();
  }
}
