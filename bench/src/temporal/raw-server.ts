// Workflows of Temporal alone behind HTTP: POST /<name> does one and waits for it. Worker and client as Temporal's samples
// have them.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

const address = process.env['TEMPORAL_ADDRESS'] ?? '';
const logger = new DefaultLogger('WARN');
Runtime.install({ logger, shutdownSignals: [] });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: 'raw',
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./raw-workflows.ts', import.meta.url)),
    logger,
  }),
  activities: { noop: () => Promise.resolve() },
});
const polling = worker.run();
const client = new Client({ connection: await Connection.connect({ address }) });

const server = createServer((request, response) => {
  request.resume();
  const name = (request.url ?? '').slice(1);
  client.workflow.execute(name, { taskQueue: 'raw', workflowId: randomUUID(), args: [] }).then(
    () => response.writeHead(201).end('{}'),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server listens on no port');
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${bound.port}` })}\n`);
});

process.once('SIGTERM', () => {
  server.close();
  worker.shutdown();
  void polling.finally(() => process.exit(0));
});
