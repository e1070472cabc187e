import { randomUUID } from 'node:crypto';
import { Holdfast } from '@holdfast/sdk';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { Workflow } from '../../chaos/harness/workflow.ts';
import type { Stack } from '../harness/start-stack.ts';
import { bucketKeys } from '../support/bucket-keys.ts';

const WORDS = 'The invoice is paid and the note is written.';
const NOTE = `Paid.\n${'x'.repeat(100_000)}\n`;

/** A tool call, an approval, a file, and an answer that takes a while to say. */
const clerk = (name: string) => ({
  name,
  model: { name: 'rehearsal' },
  tools: [
    { mcp: 'effects', allow: ['pay'], effect: 'once' as const, approval: { by: { role: 'operator' as const } } },
    { mcp: 'effects', allow: ['look'], effect: 'read' as const },
    { builtin: 'artifacts.write' as const },
  ],
  rehearsal: [
    { calls: [{ tool: 'look' }] },
    { calls: [{ tool: 'pay' }] },
    { calls: [{ tool: 'artifacts_write', args: { name: 'note.txt', content: NOTE } }] },
    { say: WORDS, delay: '1500ms' },
  ],
});

/** One run as its user sees it; and then where it has left its traces. */
export function runSuite(stack: () => Stack): void {
  describe('a run through the edge', () => {
    let client: Holdfast;
    beforeAll(() => {
      client = new Holdfast({ url: stack().edge, key: stack().key, validate: true });
    });

    test('asks, pays once, writes a file to S3, which a link opens; words and events come as they are made; Temporal has carried it', async () => {
      const name = `clerk-${randomUUID().slice(0, 8)}`;
      await client.agents.publish(clerk(name));
      const { id } = await client.runs.start({ agent: name });
      const numbers: number[] = [];
      const workers = new Set<unknown>();
      let words = '';
      let wordsBeforeAnswer = '';
      const deltas = ({ text }: { text: string }): void => void (words += text);
      for await (const { seq, type, data } of client.runs.events(id, { deltas })) {
        numbers.push(seq);
        if (type === 'run.claimed') workers.add(data['worker']);
        if (type === 'model.answered') wordsBeforeAnswer = words;
        // The run waits for this, so that an event which is kept back somewhere would stop it for ever.
        if (type !== 'approval.asked') continue;
        const [asked] = (await client.attention.list({ run: id }).page()).items;
        await client.attention.decide(id, asked?.ref ?? '', { decision: 'approve' });
      }
      const { text, run } = await client.runs.result(id);
      expect(text).toBe(WORDS);
      expect(numbers).toEqual(Array.from({ length: run.head }, (_, index) => index + 1));
      // Spoken in a worker, heard at the API: they share nothing but Valkey.
      expect(wordsBeforeAnswer).toBe(WORDS);
      expect(workers.size).toBeGreaterThan(0);
      const effects = (await stack().counter.effects()).filter(({ key }) => key.startsWith(id));
      expect(effects.map(({ tool }) => tool)).toEqual(['look', 'pay']);

      const [file] = (await client.artifacts.list(id)).items;
      expect(file).toMatchObject({ name: 'note.txt', size: NOTE.length });
      expect(Buffer.from(await client.artifacts.get(id, file?.digest ?? '')).toString()).toBe(NOTE);
      // Signed with the address by which the world reaches the store, past the API.
      const { url } = await client.artifacts.link(id, file?.digest ?? '');
      expect(new URL(url).origin).toBe(stack().environments.api['S3_PUBLIC_ENDPOINT']);
      expect(await (await fetch(url)).text()).toBe(NOTE);
      const keys = await bucketKeys(stack().environments.api);
      expect(keys.filter((key) => key.includes(id)).length).toBeGreaterThan(0);
      expect(keys.filter((key) => key.includes(id)).join()).toContain((file?.digest ?? '-').replace(/^sha256:/, ''));

      await expect.poll(() => new Workflow(stack().temporal, id).status()).toBe('COMPLETED');
    });

    test('a stream that is cut is resumed after the event that was read last', async () => {
      const { edge, key } = stack();
      const name = `clerk-${randomUUID().slice(0, 8)}`;
      await client.agents.publish({
        ...clerk(name),
        rehearsal: [{ calls: [{ tool: 'look' }], repeat: 3 }, { say: 'done' }],
      });
      const { id } = await client.runs.start({ agent: name });
      const read = async (after: number, most: number): Promise<number[]> => {
        const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream', 'last-event-id': String(after) };
        const { status, body } = await fetch(`${edge}/v1/runs/${id}/events`, { headers });
        expect(status).toBe(200);
        const numbers: number[] = [];
        if (body === null) throw new Error('no stream');
        for await (const message of body
          .pipeThrough(new TextDecoderStream())
          .pipeThrough(new EventSourceParserStream())) {
          if (message.id !== undefined) numbers.push(Number(message.id));
          if (numbers.length === most) break;
        }
        return numbers;
      };
      const first = await read(0, 2);
      const rest = await read(2, Number.POSITIVE_INFINITY);
      const { head } = (await client.runs.result(id)).run;
      expect([...first, ...rest]).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    });

    test('requests are counted, and the answer says how many are left', async () => {
      const { edge, key } = stack();
      const left = async (): Promise<number> => {
        const answer = await fetch(`${edge}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
        await answer.arrayBuffer();
        const [, remaining = 'none'] = /"caller\.read";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? [];
        return Number(remaining);
      };
      let last = await left();
      // At the end of its window it counts anew.
      await expect
        .poll(async () => {
          const [before, now] = [last, await left()];
          last = now;
          return now < before;
        })
        .toBe(true);
    });
  });
}
