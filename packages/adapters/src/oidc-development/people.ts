import type { Role } from '@holdfast/contracts';

/** Somebody who exists for trying things out. */
export interface Person {
  /** The subject of their tokens, for ever. */
  readonly id: string;
  readonly name: string;
  /** What they may do, by the name of the tenant. */
  readonly roles: Readonly<Record<string, readonly Role[]>>;
  readonly platformAdmin: boolean;
}

const person = (id: string, name: string, roles: Person['roles'], platformAdmin = false): Person => ({
  id,
  name,
  roles,
  platformAdmin,
});

/** One of every role, one in two tenants, one in none. */
export const people: readonly Person[] = [
  person('ada', 'Ada Admin', { demo: ['admin'] }),
  person('bella', 'Bella Builder', { demo: ['builder'] }),
  person('oscar', 'Oscar Operator', { demo: ['operator'] }),
  person('vera', 'Vera Viewer', { demo: ['viewer'] }),
  person('augusta', 'Augusta Auditor', { demo: ['auditor'] }),
  person('toni', 'Toni Twotenants', { demo: ['builder'], annex: ['admin'] }),
  person('petra', 'Petra Platform', {}, true),
  person('norman', 'Norman Notenant', {}),
];

/** What the client for machines may do. */
export const machine: Person = person('service-account-holdfast-machine', 'Machine', { demo: ['operator'] });
