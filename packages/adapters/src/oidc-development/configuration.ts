import { createHash } from 'node:crypto';
import type { Account, Configuration, interactionPolicy, KoaContextWithOIDC } from 'oidc-provider';
import { personClaims, tenantClaims, tenantScopes } from './claims.ts';
import { AUDIENCE, clientsFor, MACHINE_CLIENT } from './clients.ts';
import { grantFor, RESOURCE } from './grants.ts';
import type { ProviderKeys } from './keys.ts';
import type { Library } from './library.ts';
import { codePage, confirmCodePage, donePage, errorPage, loggedOutPage, logoutPage } from './pages.ts';
import { machine, people, type Person } from './people.ts';
import { adapterOf, type Records } from './records.ts';

const DAY_SECONDS = 86_400;

export interface Settings {
  readonly library: Library;
  readonly records: Records;
  readonly keys: ProviderKeys;
  readonly accessTokenSeconds: number;
  /** Where Holdfast is, once it is known. */
  readonly apiUrl: () => string;
  readonly isDisabled: (person: string) => boolean;
}

export function configurationOf(settings: Settings): Configuration {
  const { library, records, keys, accessTokenSeconds, apiUrl, isDisabled } = settings;
  const account = (id: string): Account | undefined => {
    const person = personOf(id);
    if (person === null || isDisabled(id)) return undefined;
    return {
      accountId: id,
      claims: (_use, scope) => ({
        sub: id,
        ...personClaims(person),
        ...tenantClaims(person, new Set(scope.split(' '))),
      }),
    };
  };
  return {
    adapter: (model: string) => {
      const adapter = adapterOf(records, model);
      if (model !== 'Client') return adapter;
      // Not among the settings: where Holdfast listens is known only later.
      return { ...adapter, find: (id) => Promise.resolve(clientsFor(apiUrl()).find((one) => one.client_id === id)) };
    },
    jwks: { keys: keys.jwks },
    cookies: {
      keys: keys.cookies,
      names: { session: 'development_login', interaction: 'development_interaction', resume: 'development_resume' },
    },
    // The API's scope stands in `resourceIndicators` alone: here too, consent would be asked for for ever.
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub', 'organization'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_ctx, id) => account(id),
    loadExistingGrant: (ctx) => {
      const { client, session, provider } = ctx.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      return grantFor(provider, session.accountId, client.clientId);
    },
    extraTokenClaims: (ctx, token) => {
      const person =
        token.kind === 'AccessToken' ? personOf(token.accountId) : token.clientId === MACHINE_CLIENT ? machine : null;
      if (person === null) return undefined;
      const { sid } = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken ?? {};
      return {
        azp: token.clientId,
        ...(sid === undefined ? {} : { sid }),
        ...personClaims(person),
        ...tenantClaims(person, new Set((token.scope ?? '').split(' '))),
      };
    },
    interactions: { policy: policy(library), url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      IdToken: accessTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Interaction: 3_600,
      Grant: 30 * DAY_SECONDS,
      RefreshToken: 30 * DAY_SECONDS,
      Session: 14 * DAY_SECONDS,
    },
    // Without the library's guard, which refuses loopback: told of a logout is our own API, and nobody else.
    fetch: (url, { method, headers, body, redirect, signal }: RequestInit = {}) =>
      fetch(url, {
        ...(method === undefined ? {} : { method }),
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        ...(redirect === undefined ? {} : { redirect }),
        ...(signal === undefined ? {} : { signal }),
      }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          // As Keycloak does: whoever comes with the token of the login has already said so.
          const said = ctx.oidc.params?.['id_token_hint'] !== undefined;
          say(ctx, logoutPage(form) + (said ? `<script>${SUBMIT}</script>` : ''));
          if (said) ctx.set('content-security-policy', pagePolicy(`'${hashOf(SUBMIT)}'`));
        },
        postLogoutSuccessSource: (ctx) => say(ctx, loggedOutPage()),
      },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form, _out, error) =>
          say(ctx, codePage(form, error === undefined ? null : 'This code is not known, or is too old.')),
        userCodeConfirmSource: (ctx, form, client, _device, code) =>
          say(ctx, confirmCodePage(form, client.clientName ?? client.clientId, code)),
        successSource: (ctx) => say(ctx, donePage()),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: tenantScopes.join(' '),
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: accessTokenSeconds,
        }),
      },
    },
    renderError: (ctx, out) => say(ctx, errorPage(out.error_description ?? out.error)),
  };
}

/** The library's own, and: whose person was disabled since is asked who they are. */
function policy({ interactionPolicy: { base, Check } }: Library): interactionPolicy.DefaultPolicy {
  const prompts = base();
  const gone = new Check('no_account', 'Nobody of this login may log in', ({ oidc }) =>
    Promise.resolve(oidc.session?.accountId !== undefined && oidc.account === undefined),
  );
  prompts.get('login')?.checks.add(gone);
  return prompts;
}

export const personOf = (id: string): Person | null => people.find((person) => person.id === id) ?? null;

const SUBMIT = "document.querySelector('[name=logout]').click()";
const hashOf = (script: string): string => `sha256-${createHash('sha256').update(script).digest('base64')}`;

/** Of every page: nothing is loaded, and no script runs but those named. */
export const pagePolicy = (scripts = "'none'"): string =>
  `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${scripts}; frame-ancestors 'none'; base-uri 'none'`;

function say(ctx: KoaContextWithOIDC, page: string): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy());
  ctx.body = page;
}
