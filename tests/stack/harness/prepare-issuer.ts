import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KEYCLOAK_ADMIN_PASSWORD, type KeycloakServer } from '@holdfast/testing/servers';

export const clientSecret = 'dev-only-holdfast-secret';

const deploy = (file: string): string => fileURLToPath(new URL(`../../../deploy/keycloak/${file}`, import.meta.url));

/** Tells Keycloak where Holdfast is, by the job that an operator runs: people are sent back there alone. */
export async function prepareIssuer(keycloak: KeycloakServer, edge: string): Promise<void> {
  await promisify(execFile)(process.execPath, [deploy('apply-realm.mjs'), deploy('dev.json')], {
    env: {
      KEYCLOAK_URL: keycloak.url,
      KEYCLOAK_ADMIN_PASSWORD,
      HOLDFAST_URL: edge,
      HOLDFAST_INTERNAL_URL: edge,
      HOLDFAST_CLIENT_SECRET: clientSecret,
    },
  });
}
