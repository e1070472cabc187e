import { z } from 'zod';

/** The largest that an integer column holds. */
const MAX_NUMBER = 2_147_483_647;

/** Number of a version of an agent. */
export const versionNumber = z.int().min(1).max(MAX_NUMBER);

/** The same in a path or a query, where it is text. */
export const versionParameter = z.coerce.number().int().min(1).max(MAX_NUMBER);

/** Number of an event of a run; 0 = before the first. */
export const eventNumber = z.int().min(0).max(MAX_NUMBER);

export const eventParameter = z.coerce.number().int().min(0).max(MAX_NUMBER);

/** Names what needs a person, within its run. */
export const attentionRef = z.string().regex(/^[\w.:-]{1,100}$/, { error: 'must be the `ref` of an attention' });
