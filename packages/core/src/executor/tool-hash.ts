import { hashOf } from '../run/hash.ts';
import type { ListedTool } from './tools.ts';

/**
 * What a tool promised when it was published: SHA-256, hex, of the canonical JSON (RFC 8785) of its name,
 * description and schema, and of the request that an HTTP tool stands for. `name` is the server's own, not the one the model sees.
 * Throws on half an emoji in any of its strings, since that has no canonical form.
 */
export const toolHash = ({ name, description, input_schema, request }: ListedTool): string =>
  hashOf({ name, description, input_schema, ...(request === undefined ? {} : { request }) });
