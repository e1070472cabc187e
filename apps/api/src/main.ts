import { readFileSync } from 'node:fs';
import { parseEnv, withSecretFiles } from '@holdfast/contracts';
import { startupFailure } from '@holdfast/core';
import { wireApi } from './wiring.ts';

try {
  const config = parseEnv(withSecretFiles(process.env, (path) => readFileSync(path, 'utf8')));
  if (config.database.kind === 'pglite')
    throw Object.assign(
      new Error('The API alone needs DATABASE_URL=postgres://…; npm start runs API and worker together without one.'),
      { code: 'env_invalid' },
    );
  const api = await wireApi(config);
  const stop = (): void => {
    api.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`holdfast: the stop failed: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    await api.app.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await api.close();
    throw error;
  }
  api.ports.log.info({ addresses: api.app.addresses() }, 'the API listens');
} catch (error) {
  console.error(startupFailure(error) ?? error);
  process.exit(1);
}
