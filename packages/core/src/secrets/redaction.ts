import type { Json } from '@holdfast/contracts';
import { encodings } from './encodings.ts';
import { Needles } from './needles.ts';

/** Shorter ones are words that servers on one's own machine take for a key, "ollama", and words stand everywhere. */
const SHORTEST_OF_ALL = 12;

interface Known {
  readonly texts: Needles;
  /** The same as bytes, a character each. */
  readonly bytes: Needles;
}

/**
 * The values that this process has resolved, and their common encodings. What it writes anywhere passes through here:
 * `[secret:<name>]` stands where a value was. Values stay known as long as the process lives, old versions too.
 */
export class Redaction {
  readonly #seen = new Set<string>();
  readonly #everywhere = new Needles();
  /** What no tenant may see. */
  readonly #ofAll: { readonly name: string; readonly value: string }[] = [];
  readonly #forAll: Known = { texts: new Needles(), bytes: new Needles() };
  readonly #tenants = new Map<string, Known>();

  /** A secret of a tenant. */
  add(tenant: string, name: string, value: string): void {
    const about = `${tenant} ${name} ${value}`;
    if (this.#seen.has(about)) return;
    this.#seen.add(about);
    const known = this.#tenants.get(tenant) ?? this.#begin(tenant);
    this.#know(known, name, value);
  }

  /** A secret of the installation, such as the key of a model. */
  addForAll(name: string, value: string): void {
    if (value.length < SHORTEST_OF_ALL) return;
    this.#ofAll.push({ name, value });
    for (const known of [this.#forAll, ...this.#tenants.values()]) this.#know(known, name, value);
  }

  #begin(tenant: string): Known {
    const known = { texts: new Needles(), bytes: new Needles() };
    this.#tenants.set(tenant, known);
    for (const { name, value } of this.#ofAll) this.#know(known, name, value);
    return known;
  }

  #know({ texts, bytes }: Known, name: string, value: string): void {
    const mark = `[secret:${name}]`;
    for (const form of encodings(value)) {
      texts.add(form, mark);
      bytes.add(charactersOf(new TextEncoder().encode(form)), mark);
      this.#everywhere.add(form, mark);
    }
  }

  #of(tenant: string): Known {
    return this.#tenants.get(tenant) ?? this.#forAll;
  }

  /** A text of that tenant. */
  text(tenant: string, text: string): string {
    return this.#of(tenant).texts.replaceIn(text);
  }

  /** A file of that tenant, text or not. Without a hit it is the same bytes. */
  bytes(tenant: string, bytes: Uint8Array): Uint8Array {
    const needles = this.#of(tenant).bytes;
    if (needles.empty) return bytes;
    const before = charactersOf(bytes);
    const after = needles.replaceIn(before);
    return after === before ? bytes : Uint8Array.from(after, (character) => character.charCodeAt(0));
  }

  /** Every text and number of that tenant's data, keys of objects too. */
  json<T extends Json>(tenant: string, value: T): T {
    const needles = this.#of(tenant).texts;
    return needles.empty ? value : (replaced(needles, value) as T);
  }

  /** One line of JSON, of whatever tenant. */
  line(line: string): string {
    if (this.#everywhere.empty || this.#everywhere.replaceIn(line) === line) return line;
    // Replaced inside the parsed line: a value may look like the JSON around it.
    return `${JSON.stringify(replaced(this.#everywhere, JSON.parse(line) as Json))}\n`;
  }
}

function replaced(needles: Needles, value: Json): Json {
  if (typeof value === 'string') return needles.replaceIn(value);
  if (typeof value === 'number') {
    const text = String(value);
    return needles.replaceIn(text) === text ? value : needles.replaceIn(text);
  }
  if (Array.isArray(value)) return value.map((item) => replaced(needles, item));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [needles.replaceIn(key), replaced(needles, item)]),
    );
  return value;
}

/** A call takes this many arguments without trouble. */
const CHUNK = 8_192;

/** Each byte as the character of that number. */
function charactersOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}
