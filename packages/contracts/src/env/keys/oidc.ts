import { claimText, groupForm, issuerUrl, oneOf } from '../env-values.ts';

/** All tenants of the person, among which they choose for each request. */
const DEFAULT_SCOPE = 'openid profile email organization:*';

/** Who people and programs are. */
export const oidcKeys = {
  OIDC_ISSUER: issuerUrl.optional().meta({
    description:
      'The OIDC issuer whose access tokens are taken, exactly as its tokens say it. Without it, API keys alone are taken. See the guide to identity.',
    example: 'https://id.example.com/realms/holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_INTERNAL_URL: issuerUrl.optional().meta({
    description:
      'Where the issuer is reached from here, when that is not by its own name: its address with its path, or an origin alone.',
    example: 'http://keycloak:8080/realms/holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_ALLOW_HTTP: oneOf(['true', 'false'])
    .prefault('false')
    .meta({
      description: '`true` = the issuer may be asked over plain HTTP. On this machine it always may.',
      example: 'true',
      default: 'false',
      used: ['api', 'standalone'],
      secret: false,
    }),
  OIDC_AUDIENCE: claimText.prefault('holdfast').meta({
    description: 'What must stand in `aud` of a token.',
    example: 'api://holdfast',
    default: 'holdfast',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_TENANT_CLAIM: claimText.prefault('organization').meta({
    description:
      'The claim with the tenants of the bearer: Keycloak’s organizations, names, or groups. `a.b` = `b` inside `a`.',
    example: 'https://holdfast.example.com/tenant',
    default: 'organization',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_ROLES_CLAIM: claimText.optional().meta({
    description:
      'Where roles stand: inside a tenant’s object, or, when the tenant claim has names, in the token; then they count only where it names one tenant. Without it: `resource_access.<OIDC_AUDIENCE>.roles`.',
    example: 'roles',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_GROUPS: groupForm.optional().meta({
    description: 'The tenant claim holds groups of this form; all others are passed over.',
    example: '/tenants/{tenant}/{role}',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_PLATFORM_CLAIM: claimText.prefault('realm_access.roles').meta({
    description: 'Who has `platform-admin` in this claim may make and suspend tenants.',
    example: 'groups',
    default: 'realm_access.roles',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_PROVISION: oneOf(['on', 'off'])
    .prefault('off')
    .meta({
      description: '`on` = the first token of a tenant that is not there makes it.',
      example: 'on',
      default: 'off',
      used: ['api', 'standalone'],
      secret: false,
    }),
  OIDC_CLIENT_ID: claimText.optional().meta({
    description: 'The client by which people log in in a browser. Without it they cannot. See the guide to login.',
    example: 'holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_CLIENT_SECRET: claimText.optional().meta({
    description: 'The secret of OIDC_CLIENT_ID. Without it, it is a public client.',
    example: 'as-the-issuer-gave-it',
    default: null,
    used: ['api', 'standalone'],
    secret: true,
  }),
  OIDC_CLI_CLIENT_ID: claimText.optional().meta({
    description:
      'The public client of `holdfast login`, with the device authorization grant. Without it, there is none.',
    example: 'holdfast-cli',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_SCOPE: claimText.prefault(DEFAULT_SCOPE).meta({
    description:
      'What a login asks the issuer for. It must bring the tenant claim into access tokens; the default does so at Keycloak.',
    example: 'openid profile email groups',
    default: DEFAULT_SCOPE,
    used: ['api', 'standalone'],
    secret: false,
  }),
} as const;
