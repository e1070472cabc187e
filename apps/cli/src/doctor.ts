import type { Finding } from '@holdfast/core';
import { type Holdfast, HoldfastError, type ModelResource } from '@holdfast/sdk';
import { failureOf } from './failure.ts';

/** Looks at everything that this key may see; stops where the rest cannot be known. `program` as in `Output`. */
export async function* examine(
  client: Holdfast,
  url: string,
  program: string,
): AsyncGenerator<Finding, void, undefined> {
  const server = await finding('server', program, async () => {
    await client.server.health();
    return { level: 'ok', detail: `answers at ${url}` };
  });
  yield server;
  if (server.level === 'fail') return;
  yield* readiness(client, program);
  const key = await finding('key', program, async () => {
    const { tenant, by } = await client.server.me();
    return { level: 'ok', detail: `good for tenant ${tenant}, roles ${by.roles.join(' ')}` };
  });
  yield key;
  if (key.level === 'fail') return;
  yield* models(client, program);
  yield* toolServers(client, program);
}

async function* readiness(client: Holdfast, program: string): AsyncGenerator<Finding, void, undefined> {
  let status: 'ready' | 'not-ready';
  let checks: Readonly<Record<string, string>>;
  try {
    ({ status, checks } = await client.server.ready());
  } catch (error) {
    yield failed('readiness', error, program);
    return;
  }
  for (const [check, state] of Object.entries(checks))
    yield state === 'ok'
      ? { check, level: 'ok', detail: 'ok' }
      : { check, level: status === 'ready' ? 'warn' : 'fail', detail: `${state}. See the log of the server.` };
}

async function* models(client: Holdfast, program: string): AsyncGenerator<Finding, void, undefined> {
  try {
    const { items } = await client.models.list();
    for (const model of items) yield modelFinding(model);
  } catch (error) {
    yield skipped('models', error, program);
  }
}

function modelFinding({ name, kind, health }: ModelResource): Finding {
  const check = `model ${name}`;
  // It always stands for itself.
  if (name === 'rehearsal') return { check, level: 'ok', detail: 'follows the plan of the agent' };
  if (kind === 'rehearsal')
    return { check, level: 'warn', detail: 'follows a plan, no language model. Set MODEL_BASE_URL or MODELS_FILE.' };
  const detail = health.detail ?? health.status;
  switch (health.status) {
    case 'ok':
      return { check, level: 'ok', detail };
    case 'unknown':
      return { check, level: 'warn', detail: `${detail}: not asked yet` };
    case 'unreachable':
      return { check, level: 'fail', detail: `${detail}. Is its server up, and MODEL_BASE_URL or MODELS_FILE right?` };
  }
}

async function* toolServers(client: Holdfast, program: string): AsyncGenerator<Finding, void, undefined> {
  try {
    for await (const { name } of client.tools.list()) {
      const { tools, error } = await client.tools.get(name);
      yield error === null
        ? { check: `tools ${name}`, level: 'ok', detail: `${tools?.length ?? 0} tools` }
        : { check: `tools ${name}`, level: 'fail', detail: `${error}. See ${program} tools show ${name}.` };
    }
  } catch (error) {
    yield skipped('tools', error, program);
  }
}

/** What the key may not see is no fault of the installation. */
const skipped = (check: string, error: unknown, program: string): Finding =>
  error instanceof HoldfastError && error.status === 403
    ? { check, level: 'warn', detail: `not looked at: ${error.message}` }
    : failed(check, error, program);

async function finding(check: string, program: string, look: () => Promise<Omit<Finding, 'check'>>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    return failed(check, error, program);
  }
}

const failed = (check: string, error: unknown, program: string): Finding => ({
  check,
  level: 'fail',
  detail: failureOf(error, program).message,
});
