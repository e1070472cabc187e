import type { PlatformAuditWriter } from '../tenants/platform-audit.ts';

export interface RefusedToken {
  readonly reason: string;
  readonly target: string;
  readonly requestId: string;
  /** The address of the client. */
  readonly from: string;
}

const MINUTE_MS = 60_000;
const EACH_MINUTE = 60;

/** Lines of the platform's audit about tokens that were refused. A flood gets one line with its number. */
export class RefusedTokens {
  readonly #audit: PlatformAuditWriter;
  #minute = 0;
  #lines = 0;
  #passedOver = 0;

  constructor(audit: PlatformAuditWriter) {
    this.#audit = audit;
  }

  /** `now`: ms since 1970. */
  async note({ reason, target, requestId, from }: RefusedToken, now: number): Promise<void> {
    await this.sweep(now);
    if (this.#lines >= EACH_MINUTE) {
      this.#passedOver += 1;
      return;
    }
    this.#lines += 1;
    await this.#write(target, requestId, { reason, from });
  }

  /** Writes down how many were passed over, once their minute is gone. */
  async sweep(now: number): Promise<void> {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.#minute) return;
    const refused = this.#passedOver;
    this.#minute = minute;
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
