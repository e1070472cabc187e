import { afterAll, beforeAll } from 'vitest';
import { describeProgram } from './describe-program.ts';
import { type KeycloakServer, startKeycloak } from './keycloak.ts';

/** A suite on a Keycloak of its own. Without one installed it is skipped, or fails, as `describeProgram` says. */
export function describeKeycloak(name: string, suite: (server: () => KeycloakServer) => void): void {
  describeProgram('keycloak', name, (home) => {
    let server: KeycloakServer | null = null;
    beforeAll(async () => {
      server = await startKeycloak(home);
    }, 300_000);
    afterAll(() => server?.stop());
    suite(() => {
      if (server === null) throw new Error('Keycloak was not started');
      return server;
    });
  });
}
