import type { Limits } from '@holdfast/contracts';
import { refused } from './refused.ts';

/** What a run asks for, when it only tightens its version; null when it names no limit. @throws HoldfastError `limit_not_lower`. */
export function loweredLimits(ofVersion: Limits, wanted: Partial<Limits>): Partial<Limits> | null {
  const names = Object.keys(wanted) as (keyof Limits)[];
  const issues = names.flatMap((name) => {
    const most = ofVersion[name];
    const value = wanted[name];
    if (most === null || value == null || value <= most) return [];
    return [{ path: `/limits/${fieldOf[name]}`, message: `at most ${most} (${unitOf[name]}), the agent's limit` }];
  });
  if (issues.length > 0)
    throw refused('limit_not_lower', 'A run may only lower the limits of its agent version.', issues);
  return names.length === 0 ? null : wanted;
}

const fieldOf = {
  steps: 'steps',
  tokens: 'tokens',
  cost_usd_micros: 'cost_usd',
  active_ms: 'active_time',
  deadline_ms: 'deadline',
} as const satisfies Record<keyof Limits, string>;

const unitOf = {
  steps: 'steps',
  tokens: 'tokens',
  cost_usd_micros: 'micro-dollars',
  active_ms: 'ms',
  deadline_ms: 'ms',
} as const satisfies Record<keyof Limits, string>;
