import pg from 'pg';
import type { Child } from './child.ts';
import type { Place } from './place.ts';

/** Whoever owns the tables. One statement at a time. */
export interface Owner {
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
  end(): Promise<void>;
}

/** `server`: the process that has PGlite open. */
export async function openOwner({ kind, address }: Place, server: Child): Promise<Owner> {
  if (kind === 'pglite')
    return {
      query: async <Row>(text: string, values: readonly unknown[] = []) => ({
        rows: await server.ask<Row>(text, values),
      }),
      end: () => Promise.resolve(),
    };
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  return {
    query: async <Row>(text: string, values: readonly unknown[] = []) => ({
      rows: (await client.query(text, [...values])).rows as Row[],
    }),
    end: () => client.end(),
  };
}
