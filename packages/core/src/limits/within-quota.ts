import type { QuotaName, Quotas } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';

const things: Readonly<Record<QuotaName, string>> = {
  agents: 'agents',
  budgets: 'budgets',
  keys: 'API keys that are good',
  schedules: 'schedules',
  secrets: 'secrets',
  tool_servers: 'tool servers',
  upload_megabytes: 'MB of uploads',
  webhooks: 'webhooks',
};

/**
 * Does what may make more, by one or by an amount, inside a transaction, which must not commit when this throws. What
 * changes what is there passes even where there is too much, as after the quota was lowered.
 * @throws HoldfastError `quota_exceeded`
 */
export async function withinQuota<T>(
  { limits }: Pick<TransactionStores, 'limits'>,
  quotas: Quotas,
  scope: TenantScope,
  quota: QuotaName,
  work: () => Promise<T>,
): Promise<T> {
  const { used, own } = await limits.count(scope, quota);
  const most = own ?? quotas[quota];
  const result = await work();
  const { used: after } = await limits.count(scope, quota);
  if (after <= most || after <= used) return result;
  const room = quota === 'upload_megabytes' ? 'Wait until some have expired' : 'Delete what is not needed';
  throw refused(
    'quota_exceeded',
    `The tenant has ${used} ${things[quota]}, would have ${after}, and may have at most ${most}. ${room}, or ask whoever runs Holdfast for more (quota ${quota}).`,
    [],
    { quota, limit: most, used },
  );
}
