import { Holdfast, HoldfastError, type Me } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { changeLogins, readLogins } from '../login-file.ts';
import { deviceLogin, stored, withLogin, withoutLogin } from '../login-token.ts';
import { show } from '../output.ts';
import { serverUrl } from '../settings.ts';

export function login(program: Command, { surroundings, output }: Context): void {
  program
    .command('login')
    .description('logs you in at the issuer of a server, by a browser on any machine')
    .option('--url <url>', 'the server; without it HOLDFAST_URL, or that of this machine')
    .option('--tenant <tenant>', 'of several, the one that commands are about')
    .action(async ({ url: given, tenant: chosen }: { url?: string; tenant?: string }) => {
      const tenant = chosen ?? null;
      const url = given?.replace(/\/+$/, '') ?? serverUrl(surroundings);
      const { issuer, device } = await new Holdfast({ url, key: '' }).server.loginOptions();
      if (issuer === null || device === null)
        throw new Failure(`There is no login at ${url} for the command line. Set HOLDFAST_API_KEY.`);
      const client = { issuer, ...device };
      const { url: page, urlWithCode, code, answered } = await (await deviceLogin(surroundings, client)).begin();
      const { err } = output();
      err(`Open ${urlWithCode ?? page} in a browser, on this machine or another.`);
      err(`It ${urlWithCode === null ? 'asks for' : 'must show'} the code ${code}.`);
      const tokens = await answered();
      await changeLogins(surroundings, (now) =>
        Promise.resolve({ next: withLogin(now, url, stored(client, tenant, tokens)), result: null }),
      );
      const me = await whoIs(url, tokens.accessToken, tenant ?? surroundings.env['HOLDFAST_TENANT'] ?? null);
      if (typeof me === 'string') return err(`You are logged in at ${url}. ${me} Set HOLDFAST_TENANT.`);
      show(output(), me, () => `You are logged in at ${url}: ${told(me)}`);
    });
}

/** The words of the server where the tenant is to be chosen. */
async function whoIs(url: string, key: string, tenant: string | null): Promise<Me | string> {
  try {
    return await new Holdfast({ url, key, ...(tenant === null ? {} : { tenant }) }).server.me();
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'tenant_required') return error.message;
    throw error;
  }
}

export function logout(program: Command, { surroundings, output }: Context): void {
  program
    .command('logout')
    .description('ends the login here, and at the issuer')
    .option('--url <url>', 'the server; without it HOLDFAST_URL, or that of the last login')
    .action(async ({ url: given }: { url?: string }) => {
      const named = given ?? surroundings.env['HOLDFAST_URL'] ?? readLogins(surroundings).url;
      const url = named?.replace(/\/+$/, '') ?? serverUrl(surroundings);
      const ended = await changeLogins(surroundings, (now) =>
        Promise.resolve({ next: withoutLogin(now, url), result: now.logins[url] ?? null }),
      );
      if (ended === null) throw new Failure(`There is no login at ${url}.`);
      let rest = '';
      // It is over here, whether or not the issuer answers.
      if (ended.refresh_token !== null)
        try {
          await (await deviceLogin(surroundings, ended)).end(ended.refresh_token);
        } catch (error) {
          rest = ` The issuer could not be told: ${error instanceof Error ? error.message : String(error)}`;
        }
      show(output(), { url }, () => `You are logged out at ${url}.${rest}`);
    });
}

export function whoami(program: Command, { client, output }: Context): void {
  program
    .command('whoami')
    .description('who you are to the server, and what you may do')
    .action(async () => {
      const me = await client().server.me();
      show(output(), me, () => told(me));
    });
}

const told = ({ name, tenant, by }: Me): string =>
  `${name ?? by.id} (${by.type} ${by.id}) in tenant ${tenant}, with ${by.roles.join(' ') || 'no role'}`;
