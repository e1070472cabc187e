/** One connection, for the time it is lent. */
export interface Sql {
  /** Parameters are `$1`, `$2`, …; without values several statements may stand in one text. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Where connections come from. */
export interface Connections {
  /**
   * Lends a connection to `work`. One that broke, or that `work` used for longer than `limitMs`, is destroyed.
   * Throws `DatabaseUnavailable` when there is none or it broke.
   */
  lend<T>(work: (sql: Sql) => Promise<T>, limitMs?: number): Promise<T>;
}
