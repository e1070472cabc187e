import { readFileSync } from 'node:fs';
import { parseEnv, withSecretFiles } from '@holdfast/contracts';
import { startupFailure } from '@holdfast/core';
import { serveStatus } from './status-server.ts';
import { wireWorker } from './wiring.ts';

try {
  const config = parseEnv(withSecretFiles(process.env, (path) => readFileSync(path, 'utf8')));
  if (config.database.kind === 'pglite')
    throw Object.assign(
      new Error('A worker alone needs DATABASE_URL=postgres://…; npm start runs API and worker together without one.'),
      { code: 'env_invalid' },
    );
  const worker = await wireWorker(config);
  try {
    if (config.metricsPort !== null) await serveStatus(worker, config.http.host, config.metricsPort);
  } catch (error) {
    await worker.drain();
    throw error;
  }
  const stop = (): void => {
    worker.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('The worker did not stop cleanly:', error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  console.error(startupFailure(error) ?? error);
  process.exit(1);
}
