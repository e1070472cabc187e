import type { Role } from '@holdfast/contracts';

/** A person or a service in a tenant. Times are ms since 1970. */
export interface Member {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Given here, beside those that tokens bring. */
  readonly roles: readonly Role[];
  readonly disabledAt: number | null;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastSeenAt: number;
}
