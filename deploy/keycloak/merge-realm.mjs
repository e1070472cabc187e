// The realm with an overlay:  node merge-realm.mjs realm.json dev-overlay.json >dev.json
// Lists of things with a name are joined by it, other lists follow each other; anything else the overlay replaces.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The members by which Keycloak tells things of one kind apart. */
const names = ['clientId', 'username', 'alias', 'name'];

export function merge(below, above) {
  if (Array.isArray(below) && Array.isArray(above)) return mergeLists(below, above);
  if (!isObject(below) || !isObject(above)) return above;
  const both = { ...below };
  for (const [key, value] of Object.entries(above)) both[key] = key in below ? merge(below[key], value) : value;
  return both;
}

function mergeLists(below, above) {
  const joined = [...below];
  for (const item of above) {
    const key = isObject(item) ? names.find((name) => name in item) : undefined;
    const at = key === undefined ? -1 : joined.findIndex((other) => other[key] === item[key]);
    if (at < 0) joined.push(item);
    else joined[at] = merge(joined[at], item);
  }
  return joined;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [below, ...above] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
  console.log(JSON.stringify(above.reduce(merge, below), null, 2));
}
