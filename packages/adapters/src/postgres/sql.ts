import pg from 'pg';

/** One connection, for the time it is lent. */
export interface Sql {
  /** Parameters are `$1`, `$2`, …; without values several statements may stand in one text. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Statements in one message: one way there and back. The rows of each, in order. */
  script(statements: readonly string[]): Promise<readonly (readonly unknown[])[]>;
}

export type Literal = string | number | null;

/**
 * The text with its parameters written out, for a message of several statements, which takes none.
 * @throws Error on NUL, which no text in Postgres holds, and on numbers that are not whole.
 */
export const inlined = (text: string, values: readonly Literal[]): string =>
  text.replace(/\$(\d+)/g, (_, place: string) => literal(values[Number(place) - 1] ?? null));

function literal(value: Literal): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new Error('A text with NUL is in no table.');
    return pg.escapeLiteral(value);
  }
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no whole number.`);
  // In brackets: a minus sign must not join what stands before it.
  return `(${value})`;
}

/** Where connections come from. */
export interface Connections {
  /**
   * Lends a connection to `work`. One that broke, or that `work` used for longer than `limitMs`, is destroyed.
   * Throws `DatabaseUnavailable` when there is none or it broke.
   */
  lend<T>(work: (sql: Sql) => Promise<T>, limitMs?: number): Promise<T>;
}
