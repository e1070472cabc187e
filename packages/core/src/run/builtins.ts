import type { EventBody, JsonObject } from '@holdfast/contracts';
import { z } from 'zod';
import { schemaProblem } from './json-schema.ts';
import type { ToolCall } from './state.ts';

/** A year: longer waits are schedules. */
const MAX_WAIT_SECONDS = 31_536_000;

const waitArguments = z.union([
  z.strictObject({ seconds: z.number().min(0).max(MAX_WAIT_SECONDS) }),
  z.strictObject({
    until: z.iso
      .datetime({ offset: true })
      .pipe(z.coerce.date())
      .transform((date) => date.getTime()),
  }),
]);

const askArguments = z.strictObject({
  question: z.string().min(1).max(10_000),
  schema: z.record(z.string(), z.json()).optional(),
});

/** The builtins that are done by the log itself: their intent is the wait or the question, nothing is called. */
export function builtinIntent(call: ToolCall, now: number): EventBody | null {
  if (call.tool?.source.type !== 'builtin') return null;
  switch (call.tool.source.name) {
    case 'wait': {
      const args = waitArguments.safeParse(call.requested.arguments);
      if (!args.success) return notRun(call, args.error.message);
      // A time that has passed is over at once; one before 1970 is no time that an event can hold.
      const until = Math.max(
        now,
        'seconds' in args.data ? now + Math.round(args.data.seconds * 1_000) : args.data.until,
      );
      if (until > now + MAX_WAIT_SECONDS * 1_000) return notRun(call, 'the wait is longer than a year');
      return { type: 'wait.began', data: { call: call.id, for: 'timer', until } };
    }
    case 'ask': {
      const args = askArguments.safeParse(call.requested.arguments);
      if (!args.success) return notRun(call, args.error.message);
      const schema = (args.data.schema ?? { type: 'string' }) as JsonObject;
      const problem = schemaProblem(schema);
      if (problem !== null) return notRun(call, problem);
      return { type: 'question.asked', data: { call: call.id, question: args.data.question, schema } };
    }
    default:
      return null;
  }
}

const notRun = (call: ToolCall, message: string): EventBody => ({
  type: 'tool.not_run',
  data: { call: call.id, why: 'invalid-arguments', message },
});
