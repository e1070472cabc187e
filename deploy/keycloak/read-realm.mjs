import { readFileSync } from 'node:fs';

/** As Keycloak's import fills them in; the names of its own texts are in lower case. */
const placeholder = /\$\{([A-Z][A-Z0-9_]*)(?::([^}]*))?\}/g;

/**
 * The realm of the file, with what it leaves open filled in from the environment. A client whose secret the file does not
 * say gets that of `<CLIENT>_SECRET` (`temporal-ui`: TEMPORAL_UI_SECRET), else keeps its own.
 * @throws Error naming what is missing: a placeholder that stays would be a secret that everybody knows.
 */
export function readRealm(file, environment) {
  const missing = new Set();
  const filled = (value) => {
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]));
    if (typeof value !== 'string') return value;
    return value.replaceAll(placeholder, (_all, name, otherwise) => {
      const given = setting(environment, name) ?? otherwise;
      if (given === undefined) missing.add(name);
      return given ?? '';
    });
  };
  const realm = filled(JSON.parse(readFileSync(file, 'utf8')));
  if (missing.size > 0) throw new Error(`${file} needs ${[...missing].join(', ')}: set them, or <name>_FILE`);
  for (const client of realm.clients ?? []) {
    const secret = setting(environment, `${client.clientId.toUpperCase().replaceAll('-', '_')}_SECRET`);
    if (client.secret === undefined && client.clientAuthenticatorType === 'client-secret' && secret !== undefined)
      client.secret = secret;
  }
  return realm;
}

/** The variable, or what the file holds that `<name>_FILE` names; an empty one is none. */
export function setting(environment, name) {
  const file = environment[`${name}_FILE`] ?? '';
  const value = file === '' ? environment[name] : readFileSync(file, 'utf8').trim();
  return value === '' ? undefined : value;
}
