import type {
  ExpectedVersion,
  SealedPages,
  SealedSecret,
  SealedValue,
  SecretRows,
  SecretSummary,
  TenantScope,
} from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import type { Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface SummaryRow {
  readonly name: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

interface HeldRow {
  readonly version: number;
  readonly there: boolean;
}

const sealedColumns = 'name, version, key_id as "keyId", nonce, ciphertext';

export class PostgresSecretRows implements SecretRows {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly SecretSummary[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<SummaryRow>(
        `select name, version, created_at, updated_at from holdfast.secrets
         where tenant_id = $1 and ciphertext is not null and ($2::text is null or name > $2)
           and name not like 'webhook:%'
         order by name limit $3`,
        [scope.tenant, after, limit],
      ),
    );
    return rows.map(summaryOf);
  }

  async get(scope: TenantScope, name: string): Promise<SecretSummary | null> {
    const [row] = await this.#scoped.read<SummaryRow>(
      scope,
      `select name, version, created_at, updated_at from holdfast.secrets
       where tenant_id = $1 and name = $2 and ciphertext is not null`,
      [scope.tenant, name],
    );
    return row === undefined ? null : summaryOf(row);
  }

  read(scope: TenantScope, names: readonly string[]): Promise<readonly SealedSecret[]> {
    return this.#scoped.read<SealedSecret>(
      scope,
      `select ${sealedColumns} from holdfast.secrets
       where tenant_id = $1 and name = any ($2) and ciphertext is not null`,
      [scope.tenant, arrayLiteral(names)],
    );
  }

  put(
    scope: TenantScope,
    name: string,
    expected: ExpectedVersion,
    seal: (version: number) => SealedValue,
  ): Promise<SecretSummary | null> {
    const key = [scope.tenant, name];
    return this.#scoped.in(scope, async (sql) => {
      if (expected === null)
        await sql.query('insert into holdfast.secrets (tenant_id, name) values ($1, $2) on conflict do nothing', key);
      const held = await hold(sql, key);
      if (held === undefined || !fits(held, expected)) return null;
      const version = held.version + 1;
      const { keyId, nonce, ciphertext } = seal(version);
      const [row] = await sql.query<SummaryRow>(
        `update holdfast.secrets
         set version = $3, key_id = $4, nonce = $5, ciphertext = $6, updated_at = holdfast.now_ms(),
           created_at = case when ciphertext is null then holdfast.now_ms() else created_at end
         where tenant_id = $1 and name = $2 returning name, version, created_at, updated_at`,
        [...key, version, keyId, nonce, ciphertext],
      );
      return row === undefined ? null : summaryOf(row);
    });
  }

  delete(scope: TenantScope, name: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'> {
    const key = [scope.tenant, name];
    return this.#scoped.in(scope, async (sql) => {
      const held = await hold(sql, key);
      if (held?.there !== true) return 'missing';
      if (!fits(held, expected)) return 'mismatch';
      await sql.query(
        `update holdfast.secrets
         set ciphertext = null, nonce = null, key_id = null, updated_at = holdfast.now_ms()
         where tenant_id = $1 and name = $2`,
        key,
      );
      return 'deleted';
    });
  }
}

/** The row, locked until the transaction ends. */
const hold = async (sql: Sql, key: readonly string[]): Promise<HeldRow | undefined> =>
  (
    await sql.query<HeldRow>(
      `select version, ciphertext is not null as there from holdfast.secrets
       where tenant_id = $1 and name = $2 for update`,
      key,
    )
  )[0];

const fits = ({ version, there }: HeldRow, expected: ExpectedVersion): boolean =>
  expected === null || (there && (expected === 'any' || expected === version));

const summaryOf = (row: SummaryRow): SecretSummary => ({
  name: row.name,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** As the owner of the tables, who sees tenants, and the rows of one inside its scope. */
export class PostgresSealedPages implements SealedPages {
  readonly #scoped: Scoped;
  readonly #tenants: () => Promise<readonly string[]>;

  constructor(scoped: Scoped, tenants: () => Promise<readonly string[]>) {
    this.#scoped = scoped;
    this.#tenants = tenants;
  }

  async keysInUse(): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (const tenant of await this.#tenants()) {
      const rows = await this.#scoped.in({ tenant }, (sql) =>
        sql.query<{ id: string }>('select distinct key_id as id from holdfast.secrets where key_id is not null'),
      );
      for (const { id } of rows) keys.add(id);
    }
    return keys;
  }

  async reseal(
    keyId: string,
    limit: number,
    seal: (scope: TenantScope, secret: SealedSecret) => SealedValue,
  ): Promise<number> {
    let count = 0;
    for (const tenant of await this.#tenants()) {
      if (count >= limit) break;
      count += await this.#scoped.in({ tenant }, async (sql) => {
        const rows = await sql.query<SealedSecret>(
          `select ${sealedColumns} from holdfast.secrets
           where ciphertext is not null and key_id <> $1 order by name limit $2 for update`,
          [keyId, limit - count],
        );
        for (const row of rows) {
          const sealed = seal({ tenant }, row);
          await sql.query(
            `update holdfast.secrets set key_id = $3, nonce = $4, ciphertext = $5 where tenant_id = $1 and name = $2`,
            [tenant, row.name, sealed.keyId, sealed.nonce, sealed.ciphertext],
          );
        }
        return rows.length;
      });
    }
    return count;
  }
}
