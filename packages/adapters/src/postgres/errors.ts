/** Why a database cannot be used as it is; the message is one line for the person who starts Holdfast. */
export type DatabaseProblem =
  | 'database_unreachable'
  | 'database_read_only'
  | 'database_too_old'
  | 'database_in_use'
  | 'database_corrupt'
  | 'database_url_invalid'
  | 'database_role_missing'
  | 'database_not_migrated'
  | 'database_too_new'
  | 'database_behind_pooler'
  | 'migration_changed';

export class DatabaseNotUsable extends Error {
  override readonly name = 'DatabaseNotUsable';
  readonly code: DatabaseProblem;

  constructor(code: DatabaseProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An append that no database would take: its ids, numbers or texts are malformed. Nothing was sent. */
export class InvalidAppend extends Error {
  override readonly name = 'InvalidAppend';
  readonly code = 'invalid_append';
}
