import { z } from 'zod';

/**
 * Words of a model as they come: an SSE message `event: delta` without an id, asked for by `?deltas=true`. Losing them
 * loses nothing, since the answer itself is an event. Gathered for 30 ms. Whoever comes in the middle of a call, or reads
 * too slowly, misses pieces: `position` then stands beyond what was received.
 */
export const modelDelta = z
  .object({
    run_id: z.uuid(),
    call: z.string().describe('The model call, such as `m3`.'),
    attempt: z.int().positive(),
    seq: z.int().positive().describe('Number of its `model.called` event.'),
    position: z.int().nonnegative().describe("UTF-16 units of this call's text before this piece."),
    text: z.string(),
  })
  .meta({ id: 'ModelDelta' });
export type ModelDelta = z.output<typeof modelDelta>;
