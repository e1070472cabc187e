import type pg from 'pg';
import type { Literal, Statement } from './sql.ts';

/** Kept by a connection at most; other texts are parsed each time. */
const MOST_PREPARED = 200;

interface Prepared {
  readonly name: string;
  readonly row: RowReader;
  /** Whether the server has it, as far as we know. */
  ready: boolean;
}

/** The statements that the server keeps parsed and planned for one connection. */
export class PreparedStatements {
  readonly #known = new Map<string, Prepared>();
  readonly #types: pg.CustomTypesConfig;
  readonly #most: number;

  /** `keeps`: false when the server cannot keep any, as behind a pooler. */
  constructor(types: pg.CustomTypesConfig, keeps: boolean) {
    this.#types = types;
    this.#most = keeps ? MOST_PREPARED : 0;
  }

  /** Under its name; without one when no more are kept. */
  of(text: string): Prepared {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const row = new RowReader(this.#types);
    if (this.#known.size >= this.#most) return { name: '', row, ready: false };
    const prepared = { name: `s${this.#known.size}`, row, ready: false };
    this.#known.set(text, prepared);
    return prepared;
  }
}

type Rows = Record<string, unknown>[];
type Settle = (error: Error | null, results: readonly Rows[]) => void;

/**
 * Statements in one message with one Sync at the end: one way there and back, and one transaction, as the protocol says
 * of a pipeline (PostgreSQL manual, 55.2.4), unless they begin one themselves. `pg` alone sends a Sync after each.
 */
export class Pipeline implements pg.Submittable {
  readonly #statements: readonly Statement[];
  readonly #prepared: PreparedStatements;
  /** `pg` wraps it where it watches the time. */
  callback: Settle;
  readonly #sent: Prepared[] = [];
  readonly #results: Rows[] = [];
  #undone: Error | null = null;

  constructor(statements: readonly Statement[], prepared: PreparedStatements, callback: Settle) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.callback = callback;
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection;
    // PGlite has none that could be corked.
    if ('cork' in stream) stream.cork();
    for (const { text, values } of this.#statements) this.#send(connection, text, values ?? []);
    connection.sync();
    if ('uncork' in stream) stream.uncork();
    this.#results.push([]);
  }

  #send(connection: pg.Connection, text: string, values: readonly Literal[]): void {
    const statement = this.#prepared.of(text);
    const { name, ready } = statement;
    this.#sent.push(statement);
    if (!ready) {
      // It may be there after all, when what was sent with it failed. Closing what is not there is no error.
      if (name !== '') connection.close({ type: 'S', name }, true);
      connection.parse({ name, text, types: [] }, true);
    }
    connection.bind({ statement: name, values: values.map(asText) }, true);
    if (!ready) connection.describe({ type: 'P', name: '' }, true);
    connection.execute({}, true);
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#sent[this.#results.length - 1]?.row.describe(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row = this.#sent[this.#results.length - 1]?.row.read(fields);
    if (row !== undefined) this.#results.at(-1)?.push(row);
  }

  handleCommandComplete({ text: tag }: { readonly text: string }): void {
    const statement = this.#statements[this.#results.length - 1];
    // Postgres answers like this, and with no error, when a statement before had failed.
    if (tag === 'ROLLBACK' && statement?.text === 'commit')
      this.#undone = new Error('The transaction had failed before its COMMIT, which undid it.');
    this.#results.push([]);
  }

  handleError(error: Error): void {
    for (const statement of this.#sent) statement.ready = false;
    this.callback(error, []);
  }

  handleReadyForQuery(): void {
    for (const statement of this.#sent) statement.ready = statement.name !== '';
    this.callback(this.#undone, this.#results);
  }
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Rows as objects, by the types that `pg` knows. */
class RowReader {
  readonly #types: pg.CustomTypesConfig;
  #names: string[] = [];
  #parsers: ((text: string) => unknown)[] = [];

  constructor(types: pg.CustomTypesConfig) {
    this.#types = types;
  }

  describe(fields: readonly Field[]): void {
    this.#names = fields.map(({ name }) => name);
    this.#parsers = fields.map(({ dataTypeID }) => this.#types.getTypeParser(dataTypeID, 'text') as Parser);
  }

  read(values: readonly (string | null)[]): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    for (const [index, name] of this.#names.entries()) {
      const value = values[index] ?? null;
      row[name] = value === null ? null : this.#parsers[index]?.(value);
    }
    return row;
  }
}

type Parser = (text: string) => unknown;

const asText = (value: Literal): string | null => (value === null ? null : String(value));
