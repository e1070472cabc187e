// Makes the realm, or puts right what of it differs from the file; run twice, it changes nothing. People, their groups,
// organizations, keys, identity providers, and clients and scopes that the file does not name are left alone.
//   node apply-realm.mjs [realm.json]
// KEYCLOAK_URL (as it is reached from here), KEYCLOAK_ADMIN (admin), KEYCLOAK_ADMIN_PASSWORD, and what the file leaves open:
// HOLDFAST_URL, HOLDFAST_CLIENT_SECRET. Each may be given as <name>_FILE. Guide: docs/components/identity.md
import { fileURLToPath } from 'node:url';
import { AdminApi } from './admin-api.mjs';
import { readRealm, setting } from './read-realm.mjs';

/** Made by calls of their own, or not ours to change. */
const notSettings = new Set(
  `realm clientScopes defaultDefaultClientScopes defaultOptionalClientScopes roles clients scopeMappings
   clientScopeMappings users groups organizations`.split(/\s+/),
);

const changes = [];
const changed = (what) => {
  changes.push(what);
  console.log(what);
};

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const realm = readRealm(process.argv[2] ?? fileURLToPath(new URL('realm.json', import.meta.url)), process.env);
  const password = setting(process.env, 'KEYCLOAK_ADMIN_PASSWORD');
  if (password === undefined) throw new Error('KEYCLOAK_ADMIN_PASSWORD: give the password of the administrator');
  const url = setting(process.env, 'KEYCLOAK_URL') ?? 'http://keycloak:8080';
  const api = new AdminApi(url, setting(process.env, 'KEYCLOAK_ADMIN') ?? 'admin', password);
  const at = `/${realm.realm}`;
  if ((await api.get(at)) === null) {
    await api.post('', realm);
    changed(`realm ${realm.realm}: made`);
  }
  await applySettings(api, at, realm);
  for (const role of realm.roles?.realm ?? []) await applyRole(api, `${at}/roles`, role, 'realm role');
  const scopes = await applyScopes(api, at, realm);
  const clients = await applyClients(api, at, realm, scopes);
  for (const [client, roles] of Object.entries(realm.roles?.client ?? {}))
    for (const role of roles)
      await applyRole(api, `${at}/clients/${clients.get(client)}/roles`, role, `role of ${client}`);
  await applyScopeMappings(api, at, realm, scopes, clients);
  await applyServiceAccounts(api, at, realm, clients);
  console.log(changes.length === 0 ? `realm ${realm.realm} is as the file says` : `${changes.length} changes`);
}

async function applySettings(api, at, realm) {
  const wanted = Object.fromEntries(Object.entries(realm).filter(([key]) => !notSettings.has(key)));
  const different = differences(wanted, await api.get(at));
  if (different.length === 0) return;
  await api.put(at, wanted);
  changed(`realm: ${different.join(', ')}`);
}

async function applyRole(api, path, wanted, kind) {
  const now = await api.get(`${path}/${encodeURIComponent(wanted.name)}`);
  if (now === null) {
    await api.post(path, wanted);
    return changed(`${kind} ${wanted.name}: made`);
  }
  if (differences(wanted, now).length === 0) return;
  await api.put(`${path}/${encodeURIComponent(wanted.name)}`, { ...now, ...wanted });
  changed(`${kind} ${wanted.name}: description`);
}

/** Returns the ids by name. */
async function applyScopes(api, at, realm) {
  const path = `${at}/client-scopes`;
  const existing = new Map((await api.get(path)).map((scope) => [scope.name, scope]));
  for (const { protocolMappers = [], ...wanted } of realm.clientScopes ?? []) {
    const now = existing.get(wanted.name);
    if (now === undefined) {
      await api.post(path, { ...wanted, protocolMappers });
      changed(`scope ${wanted.name}: made`);
      continue;
    }
    const different = differences(wanted, now);
    if (different.length > 0) {
      await api.put(`${path}/${now.id}`, joined(now, wanted, 'attributes'));
      changed(`scope ${wanted.name}: ${different.join(', ')}`);
    }
    for (const mapper of protocolMappers) await applyMapper(api, `${path}/${now.id}`, mapper, now);
  }
  const ids = new Map((await api.get(path)).map(({ name, id }) => [name, id]));
  for (const kind of ['Default', 'Optional']) {
    const list = `${at}/default-${kind.toLowerCase()}-client-scopes`;
    const have = new Set((await api.get(list)).map(({ name }) => name));
    for (const name of realm[`default${kind}ClientScopes`] ?? []) {
      if (have.has(name)) continue;
      await api.put(`${list}/${ids.get(name)}`);
      changed(`scope ${name}: ${kind.toLowerCase()} of new clients`);
    }
  }
  return ids;
}

async function applyMapper(api, scopePath, wanted, { name, protocolMappers = [] }) {
  const path = `${scopePath}/protocol-mappers/models`;
  const now = protocolMappers.find((mapper) => mapper.name === wanted.name);
  if (now === undefined) {
    await api.post(path, wanted);
    return changed(`scope ${name}: mapper ${wanted.name} made`);
  }
  const different = differences(wanted, now);
  if (different.length === 0) return;
  await api.put(`${path}/${now.id}`, joined(now, wanted, 'config'));
  changed(`scope ${name}: mapper ${wanted.name}: ${different.join(', ')}`);
}

/** Returns the ids by client id. */
async function applyClients(api, at, realm, scopes) {
  const ids = new Map();
  const find = async (clientId) => (await api.get(`${at}/clients?clientId=${encodeURIComponent(clientId)}`))[0];
  for (const client of realm.clients ?? []) {
    const { defaultClientScopes, optionalClientScopes, ...wanted } = client;
    let now = await find(wanted.clientId);
    if (now === undefined) {
      await api.post(`${at}/clients`, client);
      changed(`client ${wanted.clientId}: made`);
      now = await find(wanted.clientId);
    }
    ids.set(wanted.clientId, now.id);
    const path = `${at}/clients/${now.id}`;
    const different = differences(wanted, now);
    if (different.length > 0) {
      await api.put(path, joined(now, wanted, 'attributes'));
      changed(`client ${wanted.clientId}: ${different.join(', ')}`);
    }
    const lists = { default: defaultClientScopes ?? [], optional: optionalClientScopes ?? [] };
    // What is to move from one list to the other must leave the first one before.
    const moves = [];
    for (const [kind, names] of Object.entries(lists)) {
      const have = (await api.get(`${path}/${kind}-client-scopes`)).map(({ name }) => name);
      for (const name of have.filter((each) => !names.includes(each))) moves.unshift(['delete', kind, name]);
      for (const name of names.filter((each) => !have.includes(each))) moves.push(['put', kind, name]);
    }
    for (const [what, kind, name] of moves) {
      await api[what](`${path}/${kind}-client-scopes/${scopes.get(name)}`);
      changed(`client ${wanted.clientId}: ${kind} scope ${name} ${what === 'put' ? 'added' : 'removed'}`);
    }
  }
  return ids;
}

/** Which roles get into tokens: those that the file says and no others. */
async function applyScopeMappings(api, at, realm, scopes, clients) {
  const placeOf = ({ client, clientScope }) =>
    client === undefined ? `${at}/client-scopes/${scopes.get(clientScope)}` : `${at}/clients/${clients.get(client)}`;
  const apply = async (mapping, kind, roleAt) => {
    const path = `${placeOf(mapping)}/scope-mappings/${kind}`;
    const have = await api.get(path);
    const surplus = have.filter(({ name }) => !mapping.roles.includes(name));
    const lacking = mapping.roles.filter((role) => !have.some(({ name }) => name === role));
    if (surplus.length > 0) await api.delete(path, surplus);
    if (lacking.length > 0)
      await api.post(path, await Promise.all(lacking.map((role) => api.get(`${roleAt}/${role}`))));
    const names = [...lacking, ...surplus.map(({ name }) => name)];
    if (names.length > 0) changed(`roles in tokens of ${mapping.client ?? mapping.clientScope}: ${names.join(', ')}`);
  };
  for (const mapping of realm.scopeMappings ?? []) await apply(mapping, 'realm', `${at}/roles`);
  for (const [client, mappings] of Object.entries(realm.clientScopeMappings ?? {})) {
    const id = clients.get(client);
    for (const mapping of mappings) await apply(mapping, `clients/${id}`, `${at}/clients/${id}/roles`);
  }
}

/** Roles of service accounts of ours. What else somebody gave them stays. */
async function applyServiceAccounts(api, at, realm, clients) {
  for (const { serviceAccountClientId: clientId, clientRoles = {} } of realm.users ?? []) {
    if (clientId === undefined) continue;
    const { id } = await api.get(`${at}/clients/${clients.get(clientId)}/service-account-user`);
    for (const [client, roles] of Object.entries(clientRoles)) {
      const path = `${at}/users/${id}/role-mappings/clients/${clients.get(client)}`;
      const have = new Set((await api.get(path)).map(({ name }) => name));
      const lacking = roles.filter((role) => !have.has(role));
      if (lacking.length === 0) continue;
      const found = lacking.map((role) => api.get(`${at}/clients/${clients.get(client)}/roles/${role}`));
      await api.post(path, await Promise.all(found));
      changed(`service account of ${clientId}: ${lacking.join(', ')}`);
    }
  }
}

/** With what they have inside `part`, too. */
function joined(now, wanted, part) {
  return { ...now, ...wanted, [part]: { ...now[part], ...wanted[part] } };
}

/** Where the second lacks what the first says. What only the second has is no difference; lists have no order. */
function differences(wanted, now, path = '') {
  if (Array.isArray(wanted)) return same(wanted, now) ? [] : [path];
  if (typeof wanted !== 'object' || wanted === null) return wanted === now ? [] : [path];
  return Object.entries(wanted).flatMap(([key, value]) =>
    differences(value, now?.[key], path === '' ? key : `${path}.${key}`),
  );
}

function same(one, other) {
  return Array.isArray(other) && JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(list) {
  return list.map((item) => JSON.stringify(item)).toSorted((one, other) => (one < other ? -1 : 1));
}
