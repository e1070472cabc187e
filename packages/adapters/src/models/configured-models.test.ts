import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redaction } from '@holdfast/core';
import { parseEnv, text } from '@holdfast/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configuredModels } from './configured-models.ts';
import { request, unaborted } from './openai-compatible/testing/asking.ts';
import { type ModelServer, modelServer, says, word } from './openai-compatible/testing/model-server.ts';

let server: ModelServer;
let folder: string;
beforeAll(async () => {
  server = await modelServer();
  folder = mkdtempSync(join(tmpdir(), 'holdfast-models-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});
afterEach(() => void server.asked.splice(0));

const unheard = (): void => undefined;
const done = [word('done', 'stop'), '[DONE]'];

function file(name: string, models: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ models }));
  return path;
}

const entry = () => ({ base_url: server.url, model: 'm' });

describe('the models of a process', () => {
  it('are the rehearsal model alone when nothing is configured', async () => {
    const { catalog } = await configuredModels(parseEnv({}), new Redaction());
    expect(catalog.names()).toEqual(['default', 'rehearsal']);
    expect(catalog.facts('default')?.kind).toBe('rehearsal');
  });

  it('are the one of the environment, called `default`, beside the rehearsal model', async () => {
    server.plays(says(done));
    const redaction = new Redaction();
    const models = await configuredModels(
      parseEnv({ MODEL_BASE_URL: server.url, MODEL_DEFAULT: 'qwen', MODEL_API_KEY: 'sk-9-0123456789' }),
      redaction,
    );
    expect(redaction.text('t', 'sk-9-0123456789')).toBe('[secret:model-key:default]');
    const { catalog } = models;
    expect(catalog.names()).toEqual(['default', 'rehearsal']);
    expect(await catalog.call(request(), unaborted, unheard)).toMatchObject({ content: text('done') });
    expect(server.asked[0]?.body).toMatchObject({ model: 'qwen', max_tokens: 40 });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-9-0123456789');
    expect(await catalog.call({ ...request(), model: 'rehearsal' }, unaborted, unheard)).toMatchObject({
      model: 'rehearsal',
    });
    await models.close();
  });

  it('are those of the file; `default` is one of them or there is none', async () => {
    const MODELS_FILE = file('two.json', { small: entry(), large: { ...entry(), api_key: 'env:LARGE_KEY' } });
    const redaction = new Redaction();
    const models = await configuredModels(parseEnv({ MODELS_FILE, LARGE_KEY: 'sk-large-key-of-13' }), redaction);
    expect(redaction.text('t', 'sk-large-key-of-13')).toBe('[secret:model-key:large]');
    const { catalog } = models;
    expect(catalog.names()).toEqual(['large', 'rehearsal', 'small']);
    expect(catalog.facts('default')).toBeUndefined();
    server.plays(says(done));
    await catalog.call({ ...request(), model: 'large' }, unaborted, unheard);
    expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-large-key-of-13');
    await models.close();
  });

  it('cannot name `default` twice', async () => {
    const MODELS_FILE = file('twice.json', { default: entry() });
    const config = parseEnv({ MODELS_FILE, MODEL_BASE_URL: server.url, MODEL_DEFAULT: 'x' });
    await expect(configuredModels(config, new Redaction())).rejects.toMatchObject({ code: 'models_file_invalid' });
  });

  it('are not there without their file', async () => {
    await expect(
      configuredModels(parseEnv({ MODELS_FILE: join(folder, 'none.yaml') }), new Redaction()),
    ).rejects.toMatchObject({
      code: 'models_file_invalid',
      message: expect.stringContaining('cannot be read') as string,
    });
  });
});

describe('a model with one place', () => {
  it('takes one call at a time; who waits and gives up was never sent', async () => {
    const MODELS_FILE = file('one.json', { one: { ...entry(), concurrency: 1 }, other: entry() });
    const models = await configuredModels(parseEnv({ MODELS_FILE }), new Redaction());
    const { catalog } = models;
    const call = (model: string, signal = unaborted) => catalog.call({ ...request(), model }, signal, unheard);
    server.plays(() => undefined);
    const first = new AbortController();
    const last = new AbortController();
    const running = call('one', first.signal);
    await server.askedTimes(1);
    const waiting = call('one', last.signal);
    const next = call('one');
    server.plays(says(done));
    // Another model has places of its own.
    expect(await call('other')).toMatchObject({ type: 'answered' });
    expect(server.asked).toHaveLength(2);
    last.abort();
    expect(await waiting).toEqual({ type: 'aborted', content: [], waited: true });
    first.abort();
    expect(await running).toEqual({ type: 'aborted', content: [] });
    expect(await next).toMatchObject({ type: 'answered' });
    expect(server.asked).toHaveLength(3);
    await models.close();
  });
});
