import { v7 as uuidv7 } from 'uuid';
import { newKey } from './api-key.ts';
import type { Installation } from './key-store.ts';
import { refused } from './refused.ts';

export interface NewTenant {
  readonly tenant: string;
  /** Shown once; only its hash is stored. */
  readonly key: string;
}

/**
 * Makes a tenant and its first admin key. `slots` = runs at once.
 * @throws HoldfastError `tenant_exists`.
 */
export async function createTenant(installation: Installation, name: string, slots: number): Promise<NewTenant> {
  const tenant = uuidv7();
  const { stored, text } = newKey(tenant, 'first admin key', ['admin']);
  if (!(await installation.createTenant({ id: tenant, name, slots }, stored)))
    throw refused(
      'tenant_exists',
      `The tenant ${name} exists already. Keys are shown once, when they are made; an admin makes another: holdfast keys create.`,
    );
  return { tenant, key: text };
}
