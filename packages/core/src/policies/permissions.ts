import type { Role } from '@holdfast/contracts';

/** Each role and those it includes. `auditor` stands beside: it reads and changes nothing. */
const includes: Readonly<Record<Role, readonly Role[]>> = {
  admin: ['admin', 'builder', 'operator', 'viewer'],
  builder: ['builder', 'operator', 'viewer'],
  operator: ['operator', 'viewer'],
  viewer: ['viewer'],
  auditor: ['auditor'],
};

/** All roles that a principal with these has. */
export const effectiveRoles = (roles: readonly Role[]): Role[] => [...new Set(roles.flatMap((role) => includes[role]))];

const readers = ['viewer', 'auditor'] as const;
const operators = ['operator'] as const;
const builders = ['builder'] as const;
const admins = ['admin'] as const;

/** The one table of who may do what inside a tenant: any of the roles named, and those that include it. */
export const permissions = {
  'agents.publish': builders,
  'agents.list': readers,
  'agents.get': readers,
  'agents.get-version': readers,
  'agents.list-versions': readers,
  'agents.get-alias': readers,
  'agents.set-alias': builders,
  'agents.delete-alias': builders,
  'runs.start': operators,
  'runs.list': readers,
  'runs.get': readers,
  'runs.events': readers,
  'runs.effects': readers,
  'runs.send-message': operators,
  'runs.pause': operators,
  'runs.resume': operators,
  'runs.cancel': operators,
  'runs.fork': operators,
  'runs.rerun': operators,
  'bulk.start': operators,
  'bulk.list': readers,
  'bulk.get': readers,
  'bulk.cancel': operators,
  'schedules.create': operators,
  'schedules.list': readers,
  'schedules.get': readers,
  'schedules.next': readers,
  'schedules.preview': readers,
  'schedules.update': operators,
  'schedules.delete': operators,
  'schedules.pause': operators,
  'schedules.resume': operators,
  'schedules.trigger': operators,
  'runs.delete': admins,
  'budgets.list': readers,
  'budgets.get': readers,
  'budgets.set': admins,
  'budgets.delete': admins,
  'usage.get': readers,
  'retention.get': readers,
  'retention.set': admins,
  'threads.create': operators,
  'threads.get': readers,
  'threads.list': readers,
  'threads.delete': admins,
  'attention.list': readers,
  'attention.decide': operators,
  'tools.list': readers,
  'tools.get': readers,
  'tools.put': builders,
  'tools.delete': builders,
  'artifacts.list': readers,
  'artifacts.get': readers,
  'artifacts.link': readers,
  'uploads.create': operators,
  'uploads.get': operators,
  'uploads.send': operators,
  'uploads.complete': operators,
  'me.get': readers,
  'audit.list': ['auditor', 'admin'],
  'audit.head': ['auditor', 'admin'],
  'audit.verify': ['auditor', 'admin'],
  'audit.export': ['auditor', 'admin'],
  'audit.get-retention': ['auditor', 'admin'],
  'audit.set-retention': admins,
  'secrets.set': admins,
  'secrets.list': admins,
  'secrets.delete': admins,
  'models.list': readers,
  'models.prices': readers,
  'webhooks.list': readers,
  'webhooks.get': readers,
  'webhooks.deliveries': readers,
  'webhooks.create': admins,
  'webhooks.update': admins,
  'webhooks.delete': admins,
  'webhooks.enable': admins,
  'webhooks.disable': admins,
  'webhooks.rotate': admins,
  'webhooks.test': admins,
  'webhooks.replay': admins,
  'webhooks.replay-delivery': admins,
  'members.list': ['auditor', 'admin'],
  'members.get': ['auditor', 'admin'],
  'members.update': admins,
  'api-keys.create': admins,
  'api-keys.list': admins,
  'api-keys.get': admins,
  'api-keys.rotate': admins,
  'api-keys.revoke': admins,
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Operation = keyof typeof permissions;

/** The same above all tenants: none of them is a role's, and none of the others is a platform admin's. */
export const platformPermissions = {
  'tenants.list': 'platform-admin',
  'tenants.get': 'platform-admin',
  'tenants.create': 'platform-admin',
  'tenants.update': 'platform-admin',
  'tenants.suspend': 'platform-admin',
  'tenants.resume': 'platform-admin',
  'tenants.delete': 'platform-admin',
  'tenants.keep': 'platform-admin',
  'tenants.export': 'platform-admin',
  'platform-audit.list': 'platform-admin',
  'platform-audit.verify': 'platform-admin',
  // The engine's own pages, which show the workflows of all tenants.
  'engine.read': 'platform-admin',
} as const satisfies Readonly<Record<string, 'platform-admin'>>;

export type PlatformOperation = keyof typeof platformPermissions;

export const isPlatformOperation = (operation: string): operation is PlatformOperation =>
  Object.hasOwn(platformPermissions, operation);

/** The roles of which one is enough; those that include them are, too. */
export const rolesFor = (operation: Operation): readonly Role[] => permissions[operation];

export const mayDo = (roles: readonly Role[], operation: Operation): boolean =>
  effectiveRoles(roles).some((role) => rolesFor(operation).includes(role));

/** Whether somebody with `held` may give `wanted` to a key: what is theirs, and admins everything. */
export function mayGive(held: readonly Role[], wanted: readonly Role[]): boolean {
  const own = effectiveRoles(held);
  return own.includes('admin') || wanted.every((role) => own.includes(role));
}
