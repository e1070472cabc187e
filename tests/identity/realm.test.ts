import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { accessToken } from '@holdfast/driver-temporal';
import { describeKeycloak } from '@holdfast/testing/servers';
import { decodeJwt } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
/** Each run of the job asks Keycloak some fifty things. */
const MINUTES = 300_000;
const deploy = (file: string): string => fileURLToPath(new URL(`../../deploy/keycloak/${file}`, import.meta.url));
const text = (file: string): string => readFileSync(deploy(file), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-realm-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Thing {
  readonly id: string;
  readonly name?: string;
  readonly [key: string]: unknown;
}

describe('the realm as code', () => {
  test('has no secret, no person and no tenant in it', () => {
    const realm = JSON.parse(text('realm.json')) as { clients: { secret?: string }[]; users: object[] };
    expect(realm.clients.map(({ secret }) => secret).filter((secret) => secret !== undefined)).toEqual([
      '${HOLDFAST_CLIENT_SECRET}',
    ]);
    expect(text('realm.json')).not.toMatch(/dev-only|"credentials"|"organizations"|"password":/);
    for (const user of realm.users) expect(user).toHaveProperty('serviceAccountClientId');
  });

  test('with its overlay is that for development', async () => {
    const files = [deploy('realm.json'), deploy('dev-overlay.json')];
    const { stdout } = await run(process.execPath, [deploy('merge-realm.mjs'), ...files]);
    // Else: node merge-realm.mjs realm.json dev-overlay.json >dev.json && npx oxfmt dev.json
    expect(JSON.parse(text('dev.json'))).toEqual(JSON.parse(stdout));
  });
});

describeKeycloak('the job that applies the realm', (keycloak) => {
  const settings = () => ({
    KEYCLOAK_URL: keycloak().url,
    KEYCLOAK_ADMIN_PASSWORD: 'dev-only-admin',
    HOLDFAST_URL: 'http://127.0.0.1:7070',
    HOLDFAST_CLIENT_SECRET: 'dev-only-holdfast-secret',
  });
  /** The lines that it writes. */
  const apply = async (more: Record<string, string> = {}, file = deploy('realm.json')): Promise<string[]> => {
    const { stdout } = await run(process.execPath, [deploy('apply-realm.mjs'), file], {
      env: { ...settings(), ...more },
    });
    return stdout.trim().split('\n');
  };
  const get = async (path: string): Promise<Thing[]> => (await keycloak().admin('GET', path)) as Thing[];
  const admin = (method: string, path: string, body?: unknown) => keycloak().admin(method, path, body);
  const client = async (clientId: string): Promise<Thing> => {
    const [found] = await get(`/clients?clientId=${clientId}`);
    if (found === undefined) throw new Error(`there is no client ${clientId}`);
    return found;
  };
  const scope = async (name: string): Promise<Thing> => {
    const found = (await get('/client-scopes')).find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no scope ${name}`);
    return found;
  };
  /** All that is not the file's: people with their roles and groups, organizations with their members and groups. */
  const theirs = async (): Promise<string> => {
    const { id } = await client('holdfast');
    const people = (await get('/users')).map(async (user) => [
      user,
      await get(`/users/${user.id}/groups`),
      await get(`/users/${user.id}/role-mappings/clients/${id}`),
    ]);
    const organizations = (await get('/organizations?briefRepresentation=false')).map(async (organization) => [
      organization,
      await get(`/organizations/${organization.id}/members`),
      await get(`/organizations/${organization.id}/groups`),
    ]);
    return JSON.stringify(await Promise.all([...people, ...organizations, get('/groups')]));
  };
  const asTheFile = ['realm holdfast is as the file says'];

  test(
    'changes what the overlay has changed, and the second time nothing',
    async () => {
      const [settled, count, ...more] = await apply();
      expect(settled).toMatch(/^realm: displayName, bruteForceProtected, /);
      expect([count, more]).toEqual(['1 changes', []]);
      expect(await apply()).toEqual(asTheFile);
    },
    MINUTES,
  );

  test(
    'puts right what somebody has changed, and touches neither people nor tenants',
    async () => {
      const before = await theirs();
      const realm = (await admin('GET', '')) as Thing;
      await admin('PUT', '', {
        ...realm,
        accessTokenLifespan: 3_600,
        passwordPolicy: 'length(1)',
        loginTheme: 'keycloak',
      });
      const web = await client('holdfast-web');
      const attributes = { ...(web['attributes'] as object), 'pkce.code.challenge.method': 'plain', mine: 'kept' };
      const uris = [...(web['redirectUris'] as string[]), 'https://evil.example.com/*'];
      await admin('PUT', `/clients/${web.id}`, { ...web, redirectUris: uris, secret: 'another', attributes });
      const audience = await scope('holdfast-audience');
      const organization = await scope('organization');
      await admin('DELETE', `/clients/${web.id}/default-client-scopes/${audience.id}`);
      await admin('PUT', `/clients/${web.id}/optional-client-scopes/${audience.id}`);
      await admin('DELETE', `/clients/${(await client('holdfast-cli')).id}`);
      const mappers = `/client-scopes/${organization.id}/protocol-mappers/models`;
      const [first, second] = (await get(mappers)).toSorted((one, other) =>
        (one.name ?? '').localeCompare(other.name ?? ''),
      );
      await admin('DELETE', `${mappers}/${first?.id}`);
      await admin('PUT', `${mappers}/${second?.id}`, {
        ...second,
        config: { ...Object(second?.['config']), more: 'kept' },
      });
      const platform = (await admin('GET', '/roles/platform-admin')) as Thing;
      await admin('DELETE', `/clients/${web.id}/scope-mappings/realm`, [platform]);
      const machine = await client('holdfast-machine');
      const temporal = await client('temporal');
      await admin('DELETE', `/clients/${temporal.id}/roles/holdfast:write`);

      const said = (await apply()).join('\n');
      expect(said).not.toContain('another');
      for (const line of [
        'realm: passwordPolicy, accessTokenLifespan',
        'scope organization: mapper organization made',
        'client holdfast-web: secret, redirectUris, attributes.pkce.code.challenge.method',
        'client holdfast-web: optional scope holdfast-audience removed',
        'client holdfast-web: default scope holdfast-audience added',
        'client holdfast-cli: made',
        'role of temporal holdfast:write: made',
        'roles in tokens of holdfast-web: platform-admin',
        'roles in tokens of holdfast-cli: platform-admin',
        'roles in tokens of temporal-permissions: holdfast:write',
        'service account of temporal-worker: holdfast:write',
      ])
        expect(said).toContain(line);
      expect(await apply()).toEqual(asTheFile);

      expect(await theirs()).toBe(before);
      const now = (await admin('GET', '')) as Thing;
      expect(now).toMatchObject({ accessTokenLifespan: 300, loginTheme: 'keycloak' });
      expect(await client('holdfast-web')).toMatchObject({ id: web.id, attributes: { mine: 'kept' } });
      // Nobody said what its secret is.
      expect((await client('holdfast-machine'))['secret']).toBe(machine['secret']);
    },
    MINUTES,
  );

  test(
    'gives clients the secrets that it is given, by file, too',
    async () => {
      const file = join(folder, 'secret');
      writeFileSync(file, 'of-a-file\n');
      const given = { TEMPORAL_UI_SECRET_FILE: file, HOLDFAST_CLIENT_SECRET: 'changed' };
      expect(await apply(given)).toEqual(['client holdfast-web: secret', 'client temporal-ui: secret', '2 changes']);
      expect((await client('temporal-ui'))['secret']).toBe('of-a-file');
      expect(await apply(given)).toEqual(asTheFile);
    },
    MINUTES,
  );

  test(
    'lets workers into Temporal, and nowhere else',
    async () => {
      await apply({ TEMPORAL_WORKER_SECRET: 'of-this-test' });
      const url = `${keycloak().issuer}/protocol/openid-connect/token`;
      const { text: token } = await accessToken({ url, clientId: 'temporal-worker', clientSecret: 'of-this-test' });
      const claims = decodeJwt(token);
      expect(claims).toMatchObject({ iss: keycloak().issuer, aud: 'temporal', permissions: ['holdfast:write'] });
      expect(Object.keys(claims)).not.toContain('organization');
    },
    MINUTES,
  );

  test(
    'makes a realm where there is none, with secrets that nobody knows',
    async () => {
      const file = join(folder, 'fresh.json');
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(text('realm.json')) as object), realm: 'fresh' }));
      expect((await apply({}, file))[0]).toBe('realm fresh: made');
      expect(await apply({}, file)).toEqual(['realm fresh is as the file says']);
      const granted = await fetch(`${keycloak().url}/realms/fresh/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'holdfast-machine',
          client_secret: '',
        }),
      });
      expect(granted.status).toBe(401);
    },
    MINUTES,
  );

  test(
    'says what it was not told, and that it was not let in',
    async () => {
      await expect(apply({ HOLDFAST_CLIENT_SECRET: '' })).rejects.toThrow('needs HOLDFAST_CLIENT_SECRET');
      await expect(apply({ KEYCLOAK_ADMIN_PASSWORD: 'wrong' })).rejects.toThrow(/does not let admin in: 40\d/);
      await expect(apply({ KEYCLOAK_URL: 'http://127.0.0.1:1' })).rejects.toThrow('cannot be reached');
    },
    MINUTES,
  );
});
