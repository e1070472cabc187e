import type { Prices } from '@holdfast/contracts';
import type { CurrentPrices, ModelPriceRow, ModelPrices, PriceList } from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import type { Connections } from './sql.ts';
import { type DatabaseRole, roleTransaction } from './tenant-scope.ts';

interface PriceRow {
  readonly model: string;
  readonly version: number;
  readonly input_per_mtok: number;
  readonly output_per_mtok: number;
  readonly valid_from: number;
}

const pricesOf = ({ input_per_mtok, output_per_mtok }: PriceRow): Prices => ({ input_per_mtok, output_per_mtok });

/** Prices belong to the installation: they are read outside of any scope. */
export class PostgresModelPrices implements CurrentPrices, ModelPrices {
  readonly #connections: Connections;
  readonly #role: DatabaseRole | null;

  constructor(connections: Connections, role: DatabaseRole | null) {
    this.#connections = connections;
    this.#role = role;
  }

  async current(): Promise<PriceList> {
    const rows = await this.#read<PriceRow>(
      'select distinct on (model) * from holdfast.model_prices order by model, version desc',
      [],
    );
    return new Map(rows.map((row) => [row.model, { version: row.version, prices: pricesOf(row) }]));
  }

  async list(
    model: string | null,
    after: { readonly model: string; readonly version: number } | null,
    limit: number,
  ): Promise<readonly ModelPriceRow[]> {
    const rows = await this.#read<PriceRow>(
      `select * from holdfast.model_prices
       where ($1::text is null or model = $1)
         and ($2::text is null or model > $2 or (model = $2 and version < $3))
       order by model, version desc limit $4`,
      [model, after?.model ?? null, after?.version ?? null, limit],
    );
    return rows.map((row) => ({
      model: row.model,
      version: row.version,
      prices: pricesOf(row),
      validFrom: row.valid_from,
    }));
  }

  async record(models: ReadonlyMap<string, Prices>): Promise<number> {
    const all = [...models];
    const [row] = await this.#read<{ recorded: number }>('select holdfast.record_prices($1, $2, $3) as recorded', [
      arrayLiteral(all.map(([model]) => model)),
      arrayLiteral(all.map(([, { input_per_mtok }]) => input_per_mtok)),
      arrayLiteral(all.map(([, { output_per_mtok }]) => output_per_mtok)),
    ]);
    return row?.recorded ?? 0;
  }

  #read<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#connections.lend((sql) => roleTransaction(sql, this.#role, () => sql.query<Row>(text, values)));
  }
}
