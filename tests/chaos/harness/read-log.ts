import type { WireEvent } from '@holdfast/sdk';

/** All events that a run has now, as this API tells them. */
export async function readLog(url: string, key: string, run: string): Promise<WireEvent[]> {
  const events: WireEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const reply = await fetch(`${url}/v1/runs/${run}/events?after=${after}&limit=1000`, {
      headers: { authorization: `Bearer ${key}` },
    });
    if (!reply.ok) throw new Error(`events answered ${reply.status}`);
    const page = (await reply.json()) as { items: WireEvent[] };
    events.push(...page.items);
    if (page.items.length === 0) return events;
  }
}
