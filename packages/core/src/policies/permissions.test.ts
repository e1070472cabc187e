import type { Role } from '@holdfast/contracts';
import { describe, expect, test } from 'vitest';
import {
  effectiveRoles,
  isPlatformOperation,
  mayDo,
  mayGive,
  type Operation,
  permissions,
  platformPermissions,
} from './permissions.ts';

const allowed: Record<Role, readonly Operation[]> = {
  viewer: [
    'agents.list',
    'agents.get',
    'agents.list-versions',
    'agents.get-version',
    'agents.get-alias',
    'runs.list',
    'runs.get',
    'runs.events',
    'runs.effects',
    'bulk.list',
    'bulk.get',
    'schedules.list',
    'schedules.get',
    'schedules.next',
    'schedules.preview',
    'budgets.list',
    'budgets.get',
    'usage.get',
    'retention.get',
    'threads.get',
    'threads.list',
    'attention.list',
    'artifacts.list',
    'artifacts.get',
    'artifacts.link',
    'me.get',
    'models.list',
    'models.prices',
    'tools.list',
    'tools.get',
    'webhooks.list',
    'webhooks.get',
    'webhooks.deliveries',
  ],
  get auditor() {
    return [
      ...this.viewer,
      'audit.list',
      'audit.head',
      'audit.verify',
      'audit.export',
      'audit.get-retention',
      'members.list',
      'members.get',
    ] as const;
  },
  get operator() {
    return [
      ...this.viewer,
      'runs.start',
      'uploads.create',
      'uploads.get',
      'uploads.send',
      'uploads.complete',
      'runs.send-message',
      'runs.pause',
      'runs.resume',
      'runs.cancel',
      'runs.fork',
      'runs.rerun',
      'bulk.start',
      'bulk.cancel',
      'schedules.create',
      'schedules.update',
      'schedules.delete',
      'schedules.pause',
      'schedules.resume',
      'schedules.trigger',
      'threads.create',
      'attention.decide',
    ] as const;
  },
  get builder() {
    return [
      ...this.operator,
      'agents.publish',
      'agents.set-alias',
      'agents.delete-alias',
      'tools.put',
      'tools.delete',
    ] as const;
  },
  get admin() {
    return [
      ...this.builder,
      'audit.list',
      'audit.head',
      'audit.verify',
      'audit.export',
      'audit.get-retention',
      'audit.set-retention',
      'members.list',
      'members.get',
      'members.update',
      'runs.delete',
      'threads.delete',
      'retention.set',
      'budgets.set',
      'budgets.delete',
      'secrets.set',
      'secrets.list',
      'secrets.delete',
      'api-keys.create',
      'api-keys.list',
      'api-keys.get',
      'api-keys.rotate',
      'api-keys.revoke',
      'webhooks.create',
      'webhooks.update',
      'webhooks.delete',
      'webhooks.enable',
      'webhooks.disable',
      'webhooks.rotate',
      'webhooks.test',
      'webhooks.replay',
      'webhooks.replay-delivery',
    ] as const;
  },
};

describe('permissions', () => {
  const operations = Object.keys(permissions) as Operation[];
  test.each(Object.keys(allowed) as Role[])('%s may do exactly what is its', (role) => {
    expect(operations.filter((operation) => mayDo([role], operation)).toSorted()).toEqual(
      [...allowed[role]].toSorted(),
    );
  });

  test.each([
    [['admin'], ['auditor'], true],
    [['admin'], ['admin', 'viewer'], true],
    [['builder'], ['operator', 'viewer'], true],
    [['builder'], ['admin'], false],
    [['operator'], ['operator', 'builder'], false],
    [['operator'], ['auditor'], false],
    [[], ['viewer'], false],
  ] as [Role[], Role[], boolean][])('%s may give %s: %s', (held, wanted, may) => {
    expect(mayGive(held, wanted)).toBe(may);
  });

  test('nobody may do nothing', () => {
    expect(operations.filter((operation) => mayDo([], operation))).toEqual([]);
  });

  test('what is above all tenants is no operation of a tenant, and the other way round', () => {
    const above = Object.keys(platformPermissions);
    expect(above.filter((operation) => isPlatformOperation(operation))).toEqual(above);
    expect(operations.filter((operation) => isPlatformOperation(operation))).toEqual([]);
    expect(isPlatformOperation('constructor')).toBe(false);
  });

  test('roles include those below them', () => {
    expect(effectiveRoles(['builder'])).toEqual(['builder', 'operator', 'viewer']);
    expect(effectiveRoles(['viewer', 'auditor'])).toEqual(['viewer', 'auditor']);
  });
});
