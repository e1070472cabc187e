import type { Stores, WorkerSide } from '@holdfast/testing';
import { database, type PostgresServer } from '@holdfast/testing/servers';
import { type DatabaseOptions, migrate, type OpenDatabase, openDatabase } from './database.ts';

/** The database beside its ports, for tests that look behind them. */
export interface OpenedStores extends Stores {
  readonly database: OpenDatabase;
}

/** The ports of a migrated database, as the conformance suites want them. */
export async function storesOf(database: OpenDatabase): Promise<OpenedStores> {
  const workers = new Map<string, Promise<WorkerSide>>();
  return {
    database,
    clock: database.clock,
    hints: database.hints,
    installation: await database.owner(),
    sealed: await database.sealed(),
    api: await database.api(),
    worker(id, driver) {
      const worker = workers.get(id) ?? database.worker(id, driver);
      workers.set(id, worker);
      return worker;
    },
    close: () => database.close(),
  };
}

/** PGlite in memory. */
export const openMemory = async (): Promise<OpenedStores> => {
  const memory = await openDatabase('pglite://memory');
  await migrate(memory);
  return storesOf(memory);
};

/** Migrations run once per server; each database is a copy. */
export async function prepare(url: string): Promise<void> {
  const opened = await openDatabase(url);
  await migrate(opened);
  await opened.close();
}

/** A fresh, migrated database of the server. */
export async function openOn(server: PostgresServer, options: DatabaseOptions = {}): Promise<OpenedStores> {
  const { url } = await database(server, prepare);
  return storesOf(await openDatabase(url, options));
}
