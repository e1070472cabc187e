import { parseKey } from '@holdfast/core';
import { vi } from 'vitest';
import { goodBodies } from './good-bodies.ts';
import { newMember } from './new-member.ts';
import { scribe, type TestServer } from './server.ts';

/** What a path can name, by its placeholder. */
export type Names = Readonly<Record<string, string>>;

/** A tenant that has one of everything a path can name, under its own words. */
export async function furnish(
  server: TestServer,
  tenant: string,
  word: string,
): Promise<{ readonly id: string; readonly key: string; readonly names: Names }> {
  const made = await server.tenant(tenant);
  const ask = (method: string, path: string, body?: unknown) => server.ask(made.key, method, path, body);
  await ask(
    'POST',
    '/v1/agents',
    scribe(word, 1, {
      rehearsal: [
        { calls: [{ tool: 'artifacts_write', args: { name: 'note.txt', content: word } }] },
        { calls: [{ tool: 'ask', args: { question: 'well?' } }] },
      ],
    }),
  );
  await ask('PUT', `/v1/agents/${word}/aliases/prod`, { version: 1 });
  await ask('PUT', `/v1/secrets/${word}`, { value: 'value' });
  await ask('PUT', `/v1/budgets/${word}`, goodBodies['budgets.set']);
  await ask('PUT', `/v1/tools/${word}`, goodBodies['tools.put']);
  const run = String((await ask('POST', '/v1/runs', { agent: word })).json['id']);
  const open = async () => (await ask('GET', `/v1/attention?run=${run}`)).json['items'] as { ref: string }[];
  await vi.waitUntil(async () => (await open()).length === 1, { timeout: 20_000 });
  const files = (await ask('GET', `/v1/runs/${run}/artifacts`)).json['items'] as { digest: string }[];
  const webhook = String((await ask('POST', '/v1/webhooks', goodBodies['webhooks.create'])).json['id']);
  const names = {
    tenant: made.id,
    run,
    webhook,
    delivery: String((await ask('POST', `/v1/webhooks/${webhook}/test`)).json['id']),
    thread: String((await ask('POST', '/v1/threads', {})).json['id']),
    key: parseKey(made.key)?.id ?? '',
    member: await newMember(server, made.id),
    agent: word,
    alias: 'prod',
    number: '1',
    ref: (await open())[0]?.ref ?? '',
    name: word,
    digest: files[0]?.digest ?? '',
    schedule: String((await ask('POST', '/v1/schedules', { name: word, agent: word, cron: '0 0 29 2 *' })).json['id']),
    upload: String((await ask('POST', '/v1/uploads', goodBodies['uploads.create'])).json['id']),
    bulk: String((await ask('POST', '/v1/bulk', goodBodies['bulk.start'])).json['id']),
  };
  return { ...made, names };
}

export const filled = (path: string, names: Names): string =>
  path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => names[name] ?? '');
