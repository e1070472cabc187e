import { Holdfast } from '@holdfast/sdk';
import { freePort } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { cases, type Surroundings } from './client/cases.ts';

describe('the client in Node', () => {
  let server: TestServer;
  let surroundings: Surroundings;
  beforeAll(async () => {
    server = await startServer('pglite://memory');
    const { key } = await server.tenant('sdk');
    surroundings = { url: server.url, key, deadUrl: `http://127.0.0.1:${await freePort()}` };
  });
  afterAll(() => server.close());

  test.each(cases)('$name', async ({ run }) => {
    await run(new Holdfast({ url: surroundings.url, key: surroundings.key, validate: true }), surroundings);
  });
});
