import { z } from 'zod';

/** One page of a list. `next_cursor` is opaque; null on the last page. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const MAX_PAGE = 200;

/** Query of every list. The cursor is what a page before gave as `next_cursor`. */
export const pageQuery = z.strictObject({
  cursor: z.string().max(500).optional().describe('`next_cursor` of the page before.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).describe('Items on a page.'),
});
export type PageQuery = z.output<typeof pageQuery>;
