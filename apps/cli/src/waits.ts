import type { AttentionResource, Holdfast, RunResource } from '@holdfast/sdk';

/** What a run waits for; `runs` = for runs below it, of which one at least still goes on by itself. */
export type Waits =
  | { readonly for: 'people'; readonly items: readonly AttentionResource[] }
  | { readonly for: 'runs' }
  | { readonly for: 'else' };

/** Whether nothing goes on before a person has decided, here or in the runs below, and what is asked. */
export async function waitsOf(client: Holdfast, { id, status, waiting_for }: RunResource): Promise<Waits> {
  if (status !== 'waiting') return { for: 'else' };
  const reasons = new Set(waiting_for.map(({ reason }) => reason));
  if ([...reasons].some((reason) => !['attention', 'input', 'budget', 'child'].includes(reason)))
    return { for: 'else' };
  const own = reasons.has('attention') || reasons.has('input') || reasons.has('budget');
  const items = own ? [...(await client.attention.list({ run: id }).page()).items] : [];
  const children = waiting_for.flatMap(({ reason, ref }) => (reason === 'child' && ref !== null ? [ref] : []));
  for (const child of children) {
    const below = await waitsOf(client, await client.runs.get(child));
    if (below.for !== 'people') return { for: 'runs' };
    items.push(...below.items);
  }
  return items.length === 0 ? { for: 'else' } : { for: 'people', items };
}
