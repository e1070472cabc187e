import { health, type LoginOptions, loginOptions, type Me, me, readiness } from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

/** The server itself. */
export class Server extends Resource {
  /** It answers. */
  health(options?: CallOptions) {
    return this.read('/healthz', health, options);
  }

  /** Who asks, and which release answers. */
  me(options?: CallOptions): Promise<Me> {
    return this.read('/v1/me', me, options);
  }

  /** How people log in here; takes no key. */
  loginOptions(options?: CallOptions): Promise<LoginOptions> {
    return this.read('/v1/login-options', loginOptions, options);
  }

  /** Whether it can do its work, and what is missing. */
  ready({ signal }: CallOptions = {}) {
    return this.transport.json({
      method: 'GET',
      path: '/readyz',
      answer: readiness,
      signal,
      alsoOk: [503],
      repeatable: true,
    });
  }
}
