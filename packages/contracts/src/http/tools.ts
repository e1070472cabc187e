import { z } from 'zod';
import { json, jsonObject } from '../json.ts';
import { page } from './page.ts';

export const toolServerName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'must be lower-case letters, digits and dashes, beginning with a letter',
});

const httpUrl = z
  .string()
  .max(2_000)
  .refine((value) => /^https?:\/\/[^{}]*$/.test(value) && URL.canParse(value), {
    error: 'must be a URL that begins with http:// or https://',
  });

/** An argument never says which server is called: its secrets would go there. */
const urlTemplate = z
  .string()
  .max(2_000)
  .refine((value) => /^https?:\/\/[^/?#{}]+([/?]|$)/.test(value) && URL.canParse(value.replace(/\{[^{}]*\}/g, 'x')), {
    error: 'must be a URL that begins with http:// or https://, with {arguments} in path and query only',
  });

/** Those that HTTP itself uses, and those that Holdfast sends. */
const ownHeaders =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|expect|te|trailer|idempotency-key|holdfast-attempt)$/i;

/** Header values may be, or contain, `secret://<name>`. */
const headers = z
  .record(
    z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .refine((name) => !ownHeaders.test(name), { error: 'is a header that Holdfast sets itself' }),
    z
      .string()
      .max(8_000)
      .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'must be text on one line' }),
  )
  .default({});

/** Statuses by which the server says that it did nothing: the call counts as not sent and is tried again by policy. */
const refusedOn = z.array(z.int().min(400).max(599)).max(20).default([429]);

/** An MCP server over Streamable HTTP. */
export const mcpServerBody = z.strictObject({ type: z.literal('mcp'), url: httpUrl, headers });

/** One described request. `{name}` in the URL, and values of query and body that are `{name}`, are arguments. */
export const httpRequestBody = z.strictObject({
  type: z.literal('request'),
  description: z.string().min(1).max(4_000),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: urlTemplate,
  query: z.record(z.string(), z.string()).default({}),
  headers,
  /** JSON; left out, the arguments that stand nowhere else are the body. */
  body: json.optional(),
  /** JSON Schema of the arguments. */
  input_schema: jsonObject,
  refused_on: refusedOn,
});

/** Operations of an OpenAPI 3 document. */
export const openApiBody = z.strictObject({
  type: z.literal('openapi'),
  document: jsonObject,
  /** Instead of the document's first server. */
  base_url: httpUrl.optional(),
  headers,
  refused_on: refusedOn,
});

/** Tools of a tenant that are reached over HTTP. Those over stdio stand in the platform's own file. */
export const toolServerBody = z.discriminatedUnion('type', [mcpServerBody, httpRequestBody, openApiBody]);
export type ToolServerBody = z.input<typeof toolServerBody>;
export type ToolServerSpec = z.output<typeof toolServerBody>;

export const listedTool = z.object({ name: z.string(), description: z.string(), input_schema: jsonObject });

export const toolServerResource = z
  .object({
    name: z.string(),
    type: z.enum(['stdio', 'mcp', 'request', 'openapi']),
    /** null: a stdio server of the platform. */
    url: z.string().nullable(),
    updated_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ToolServer' });
export type ToolServerResource = z.output<typeof toolServerResource>;

/** With its tools as it lists them now; `error` when it does not answer. */
export const toolServerDetail = z
  .object({
    ...toolServerResource.shape,
    tools: z.array(listedTool).nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'ToolServerDetail' });
export type ToolServerDetail = z.output<typeof toolServerDetail>;

export const toolServerPage = page(toolServerResource);
