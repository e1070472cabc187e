import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Provider } from 'oidc-provider';
import { TENANTS_SCOPE } from './claims.ts';
import { AUDIENCE, CLI_CLIENT, CLIENT_SECRET } from './clients.ts';
import { configurationOf } from './configuration.ts';
import { answer, interact } from './interactions.ts';
import { keptKeys, type ProviderKeys, rotated } from './keys.ts';
import { type Library, loadLibrary } from './library.ts';
import { errorPage, frontPage } from './pages.ts';
import { people } from './people.ts';
import { Records } from './records.ts';

/** The one address: nobody but this machine reaches it. */
const ADDRESS = '127.0.0.1';

export interface DevelopmentProviderOptions {
  /** 0 = any that is free. */
  readonly port: number;
  /** Keys, sessions and grants lie there, and outlive a restart. */
  readonly dataDir: string;
  /** Default 300, as in Keycloak. */
  readonly accessTokenSeconds?: number;
  /** What went wrong in here. */
  readonly warn: (text: string) => void;
}

/**
 * An OpenID provider for one's own machine: real tokens, sample people, no passwords. See `whyNoDevelopmentLogin` for
 * where it must not run.
 */
export class DevelopmentProvider {
  readonly issuer: string;
  readonly clientId = AUDIENCE;
  readonly clientSecret = CLIENT_SECRET;
  /** With which any process of Holdfast on this machine takes it for its issuer. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cliClientId = CLI_CLIENT;
  readonly #library: Library;
  readonly #server: Server;
  readonly #options: DevelopmentProviderOptions;
  readonly #records: Records;
  readonly #disabled = new Set<string>();
  #keys: ProviderKeys;
  #provider: Provider;
  #apiUrl: string | null = null;

  private constructor(
    library: Library,
    server: Server,
    port: number,
    options: DevelopmentProviderOptions,
    keys: ProviderKeys,
  ) {
    this.#library = library;
    this.issuer = `http://${ADDRESS}:${port}`;
    this.environment = {
      OIDC_ISSUER: this.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_CLIENT_ID: AUDIENCE,
      OIDC_CLIENT_SECRET: CLIENT_SECRET,
      OIDC_CLI_CLIENT_ID: CLI_CLIENT,
      OIDC_SCOPE: `openid profile email ${TENANTS_SCOPE}`,
      OIDC_PROVISION: 'on',
    };
    this.#server = server;
    this.#options = options;
    this.#keys = keys;
    this.#records = new Records(join(options.dataDir, 'development-login.records.json'));
    this.#provider = this.#make();
    const host = `${ADDRESS}:${port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A page from elsewhere whose name was bent to 127.0.0.1 must not log anybody in.
      if (request.headers.host !== host) return answer(response, 421, errorPage(`This is ${this.issuer} alone.`));
      this.#serve(request, response).catch((error: unknown) => {
        options.warn(`the development login failed: ${error instanceof Error ? error.message : String(error)}`);
        if (response.headersSent) response.destroy();
        else answer(response, 400, errorPage('Begin the login anew.'));
      });
    });
  }

  /** Listens on loopback. @throws EADDRINUSE of Node. */
  static async start(options: DevelopmentProviderOptions): Promise<DevelopmentProvider> {
    const [library, keys] = await Promise.all([loadLibrary(), keptKeys(keyFileOf(options))]);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, ADDRESS, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the development login has no port');
    return new DevelopmentProvider(library, server, address.port, options, keys);
  }

  /** Where Holdfast is: people are sent back there, and nowhere else. */
  servesApi(url: string): void {
    this.#apiUrl = url;
  }

  /** A disabled person cannot log in, and gets no further tokens. */
  setDisabled(person: string, disabled: boolean): void {
    if (disabled) this.#disabled.add(person);
    else this.#disabled.delete(person);
  }

  /** A new key signs from now on; what older ones have signed stays good. */
  async rotateKeys(): Promise<void> {
    this.#keys = await rotated(keyFileOf(this.#options), this.#keys);
    this.#provider = this.#make();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    this.#records.flush();
  }

  #make(): Provider {
    const provider = new this.#library.Provider(
      this.issuer,
      configurationOf({
        library: this.#library,
        records: this.#records,
        keys: this.#keys,
        accessTokenSeconds: this.#options.accessTokenSeconds ?? 300,
        apiUrl: () => this.#apiUrl ?? this.issuer,
        isDisabled: (person) => this.#disabled.has(person),
      }),
    );
    provider.on('server_error', (_ctx, error) => this.#options.warn(`the development login failed: ${error.message}`));
    provider.on('backchannel.error', (_ctx, error, client) =>
      this.#options.warn(`${client.clientId} could not be told of a logout: ${error.message}`),
    );
    return provider;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.issuer);
    if (pathname === '/') return answer(response, 200, frontPage(people));
    if (pathname.startsWith('/interaction/'))
      return interact(this.#provider, request, response, (person) => this.#disabled.has(person));
    await this.#provider.callback()(request, response);
  }
}

const keyFileOf = ({ dataDir }: DevelopmentProviderOptions): string => join(dataDir, 'development-login.keys.json');
