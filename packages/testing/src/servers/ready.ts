import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { tail } from './server-process.ts';

/** The server ended, or did not answer in time; the message carries the end of its log. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/** Resolves when the server answers a query; throws NotReadyError when it ends first or `within` ms have passed. */
export async function ready(child: ChildProcess, url: string, log: string, within = 60_000): Promise<void> {
  const deadline = Date.now() + within;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new NotReadyError(`the server ended at its start:\n${tail(log)}`);
    }
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    // A connection that the server drops while it starts up must not end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new NotReadyError(`${String(error)}\n${tail(log)}`, { cause: error });
      await pause(30);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
