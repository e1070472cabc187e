import type { ClientMetadata } from 'oidc-provider';

/** Of access tokens, and the name of the client that logs people in. */
export const AUDIENCE = 'holdfast';
export const CLI_CLIENT = 'holdfast-cli';
export const MACHINE_CLIENT = 'holdfast-machine';
/** No secrets: they stand in the source, and hold nobody off. */
export const CLIENT_SECRET = 'development-only';

/** `apiUrl`: where Holdfast is, without a slash at its end. */
export const clientsFor = (apiUrl: string): readonly ClientMetadata[] => [
  {
    client_id: AUDIENCE,
    client_name: 'Holdfast',
    client_secret: CLIENT_SECRET,
    // The kind for which a plain http address on loopback is good.
    application_type: 'native',
    redirect_uris: [`${apiUrl}/auth/callback`],
    post_logout_redirect_uris: [`${apiUrl}/signed-out`],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    backchannel_logout_uri: `${apiUrl}/auth/backchannel-logout`,
    backchannel_logout_session_required: true,
  },
  {
    client_id: CLI_CLIENT,
    client_name: 'Holdfast CLI',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: [],
    response_types: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  },
  {
    client_id: MACHINE_CLIENT,
    client_name: 'A machine',
    client_secret: CLIENT_SECRET,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  },
];
