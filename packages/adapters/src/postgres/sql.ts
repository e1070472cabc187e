/** One connection, for the time it is lent. */
export interface Sql {
  /** One server process answers all along; false behind a pooler, where session locks lie. */
  readonly ownSession: boolean;
  /** Parameters are `$1`, `$2`, …; without values several statements may stand in one text. Parsed and planned anew. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Statements in one message, which the server keeps parsed and planned: one way there and back, and one transaction
   * unless they are in one already. The rows of each, in order. For texts of which there are few.
   */
  pipeline(statements: readonly Statement[]): Promise<readonly (readonly unknown[])[]>;
}

export interface Statement {
  readonly text: string;
  readonly values?: readonly Literal[];
}

export type Literal = string | number | boolean | null;

/** One statement that the server keeps parsed and planned. */
export async function prepared<Row>(sql: Sql, text: string, values: readonly Literal[]): Promise<readonly Row[]> {
  const [rows] = await sql.pipeline([{ text, values }]);
  return rows as readonly Row[];
}

/** Where connections come from. */
export interface Connections {
  /**
   * Lends a connection to `work`. One that broke, or that `work` used for longer than `limitMs`, is destroyed.
   * Throws `DatabaseUnavailable` when there is none or it broke.
   */
  lend<T>(work: (sql: Sql) => Promise<T>, limitMs?: number): Promise<T>;
}
