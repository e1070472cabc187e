import { afterAll, beforeAll } from 'vitest';
import { describeChildren } from './support/children-suite.ts';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer('pglite://memory');
});
afterAll(() => server.close());

describeChildren(() => server);
