import { openPgliteClient } from '@holdfast/adapters/postgres';
import pg from 'pg';

/** Connections to the database that is measured: as many as there are callers, on PGlite the only one. */
export async function withClients<T>(
  address: string,
  wanted: number,
  work: (clients: readonly pg.Client[]) => Promise<T>,
): Promise<T> {
  const embedded = address.startsWith('pglite://') ? await openPgliteClient(address) : null;
  const clients = await Promise.all(
    Array.from({ length: embedded === null ? wanted : 1 }, async () => {
      const client = new pg.Client(embedded?.config ?? { connectionString: address });
      await client.connect();
      return client;
    }),
  );
  try {
    return await work(clients);
  } finally {
    if (embedded === null) await Promise.all(clients.map((client) => client.end()));
    else await embedded.close();
  }
}
