import type { PlatformAuditWriter } from '../tenants/platform-audit.ts';

export interface RefusedToken {
  readonly reason: string;
  readonly target: string;
  readonly requestId: string;
  /** The address of the client. */
  readonly from: string;
}

const HOUR_MS = 3_600_000;
const EACH_HOUR = 60;

/** Lines of the platform's audit about tokens that were refused. A flood gets one line an hour with its number, since the chain keeps them for ever. */
export class RefusedTokens {
  readonly #audit: PlatformAuditWriter;
  #hour = 0;
  #lines = 0;
  #passedOver = 0;

  constructor(audit: PlatformAuditWriter) {
    this.#audit = audit;
  }

  /** `now`: ms since 1970. */
  async note({ reason, target, requestId, from }: RefusedToken, now: number): Promise<void> {
    await this.sweep(now);
    if (this.#lines >= EACH_HOUR) {
      this.#passedOver += 1;
      return;
    }
    this.#lines += 1;
    await this.#write(target, requestId, { reason, from });
  }

  /** Writes down how many were passed over, once their hour is gone. */
  async sweep(now: number): Promise<void> {
    const hour = Math.floor(now / HOUR_MS);
    if (hour === this.#hour) return;
    const refused = this.#passedOver;
    this.#hour = hour;
    this.#lines = 0;
    this.#passedOver = 0;
    if (refused > 0) await this.#write('', '', { reason: 'more than are written down one by one', refused });
  }

  async #write(target: string, requestId: string, detail: Record<string, string | number>): Promise<void> {
    await this.#audit.write({
      operation: 'tokens.refuse',
      tenant: null,
      by: { type: 'system', id: 'nobody', roles: [] },
      requestId,
      detail: { target, ...detail },
    });
  }
}
