import type { CapacityProblem } from './schedule-store.ts';

/** Why a due run has not begun, and what goes before it. */
export interface WhyWaits {
  /** Whose room is taken: of its concurrency key, agent, model or tenant; `workers` = it waits for its turn at a worker. */
  readonly because: 'concurrency_key' | 'agent' | 'model' | 'tenant' | 'workers';
  /** Runs of its own tenant that wait for the same and go before it. */
  readonly own: number;
  /** Runs of other tenants that go before it. */
  readonly others: number;
  /** The counts end there; there may be more. */
  readonly more: boolean;
}

/** Why nobody can begin it, in words. */
export function problemInWords(problem: CapacityProblem): string {
  switch (problem) {
    case 'no_worker':
      return 'No worker is running.';
    case 'engine_unavailable':
      return 'The workers do not reach Temporal.';
    case 'tenant_suspended':
      return 'The tenant is suspended: nothing is begun.';
    case 'installation_frozen':
      return 'The installation is frozen, since its database was restored or copied: nothing begins before holdfast thaw.';
  }
}

/** In words; other tenants are a number. */
export function inWords({ because, own, others, more }: WhyWaits): string {
  const count = `${own + others}${more ? ' or more' : ''}`;
  const ahead =
    own + others === 0 ? 'It is the next one.' : `${count} ${own + others === 1 ? 'goes' : 'go'} before it.`;
  switch (because) {
    case 'concurrency_key':
      return `Another run with its concurrency key is at work. ${ahead}`;
    case 'agent':
      return `Its agent has as many runs at work as its concurrency allows. ${ahead}`;
    case 'model':
      return `Its model has as many runs at work as the models file allows. ${ahead}`;
    case 'tenant':
      return `All slots of the tenant are taken. ${ahead}`;
    case 'workers':
      return `It has room everywhere and waits for a place at a worker. ${ahead}`;
  }
}
