export * from './json.ts';
export * from './release.ts';
export * from './limits.ts';
export * from './part.ts';
export * from './actor.ts';
export * from './agent/duration.ts';
export * from './agent/limits.ts';
export * from './agent/retries.ts';
export * from './agent/spec.ts';
export type * from './agent/version.ts';
export {
  begunCall,
  type BegunCall,
  budgetWindow,
  charge,
  type Charge,
  type BudgetWindow,
  effect,
  type Effect,
  engineLoss,
  type EngineLoss,
  messageMode,
  type MessageMode,
  parentOfRun,
  type ParentOfRun,
  pinnedAgent,
  type PinnedAgent,
  type PinnedAgents,
  requestedCall,
  type RequestedCall,
  reservation,
  type Reservation,
  saidBefore,
  type SaidBefore,
  usage,
  type Usage,
} from './event/event-parts.ts';
export * from './event/event-data.ts';
export * from './event/event.ts';
export * from './http/index.ts';
export * from './error/error-codes.ts';
export * from './error/remedies.ts';
export * from './error/problem.ts';
export type * from './env/config.ts';
export * from './env/env.ts';
export type { KeyMeta } from './env/key-meta.ts';
export * from './env/parse-env.ts';
export * from './env/secret-files.ts';
export * from './env/postgres-url.ts';
