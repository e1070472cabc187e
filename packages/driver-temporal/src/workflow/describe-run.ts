import { type Advanced, attributes, type CarryRun } from './messages.ts';

/** What Temporal's page of the workflow shows as its current details, in Markdown. */
export function describeRun({ run, page }: CarryRun, last: Advanced | null, now: 'carried' | 'waits'): string {
  const name = page === null ? `Run \`${run}\`` : `[Run \`${run}\`](${page})`;
  const agent = last === null ? '' : ` of agent **${last.agent}**, version ${last.version},`;
  if (now === 'carried') return `${name}${agent} is carried by a worker${after(last)}.`;
  if (last === null || last.ended) return `${name}${agent} has ended${last === null ? '' : `: **${last.status}**`}.`;
  const reasons = last.waitingFor.length === 0 ? '' : ` for ${last.waitingFor.join(', ')}`;
  const until = last.until === null ? '' : `, until ${new Date(last.until).toISOString()}`;
  return `${name}${agent} is **${last.status}**${reasons}${until}; its last event is ${last.seq}.`;
}

const after = (last: Advanced | null): string => (last === null ? '' : `, from event ${last.seq} on`);

export const searchAttributesOf = ({ agent, version, status, waitingFor }: Advanced): SearchAttributes => ({
  [attributes.agent]: [agent],
  [attributes.version]: [version],
  [attributes.status]: [status],
  [attributes.waitingFor]: [...waitingFor],
});

export type SearchAttributes = Record<string, string[] | number[]>;
