import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { PostgresServer } from './postgres.ts';

/** URLs of one database, by who logs in. */
export interface Logins {
  readonly owner: string;
  readonly api: string;
  readonly worker: string;
}

/** As an administrator does it: an empty database, a login that will own its tables, and two that own nothing. */
export async function prepareLogins(server: PostgresServer): Promise<Logins> {
  const passwords = { owner: password(), api: password(), worker: password() };
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(`
      create role holdfast_engine nologin;
      create role holdfast_owner login password '${passwords.owner}';
      create role holdfast_api login password '${passwords.api}';
      create role holdfast_worker login password '${passwords.worker}';
      grant holdfast_engine to holdfast_owner;
    `);
    await client.query('create database holdfast owner holdfast_owner');
    await client.query(`
      revoke connect on database holdfast from public;
      grant connect on database holdfast to holdfast_api, holdfast_worker;
    `);
  } finally {
    await client.end();
  }
  const urlOf = (role: keyof Logins): string => {
    const url = new URL(server.url);
    url.username = `holdfast_${role}`;
    url.password = passwords[role];
    url.pathname = '/holdfast';
    return url.href;
  };
  return { owner: urlOf('owner'), api: urlOf('api'), worker: urlOf('worker') };
}

const password = (): string => randomBytes(18).toString('hex');
