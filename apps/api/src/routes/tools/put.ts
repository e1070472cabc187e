import { toolServerBody, toolServerName, toolServerResource } from '@holdfast/contracts';
import { checkSecretNames, registerToolServer, toolServerUrl, withinQuota } from '@holdfast/core';
import { z } from 'zod';
import { stale } from '../../http/etag.ts';
import { etagOf, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { route } from '../../http/route.ts';
import { toolServerResourceOf } from '../../resources/tool-server.ts';
import { toolServerNow } from './tool-server-now.ts';

/** Lists the server before it is written, so that what is registered has answered once. */
export const put = route({
  method: 'PUT',
  url: '/v1/tools/:name',
  operation: 'tools.put',
  content: true,
  params: z.strictObject({ name: toolServerName }),
  query: z.strictObject({ offline: z.stringbool().default(false) }),
  body: toolServerBody,
  tag: 'Tools',
  summary: 'Register or change a tool server',
  description:
    'An MCP server over HTTP, one described request, or an OpenAPI document. Agents that were published keep the tools that they were published with: a tool that has become another one since is not called.',
  answers: {
    200: { description: 'The server.', json: toolServerResource, headers: { ETag: 'Its version, in quotes.' } },
  },
  refusals: [
    'invalid_request',
    'secret_unknown',
    'tool_server_reserved',
    'tool_server_unavailable',
    'tool_invalid',
    'etag_mismatch',
    'quota_exceeded',
  ],
  headers: { 'If-Match': ifMatch },
  resource: toolServerNow,
  audit: ({ body }) => ({ detail: { type: body.type, url: toolServerUrl(body) } }),
  handle: async (ports, { caller, params: { name }, query: { offline }, body, request, change }) => {
    const expected = expectedVersion(request);
    const texts = Object.entries(body.headers).map(([header, text]) => ({ path: `/headers/${header}`, text }));
    await checkSecretNames(ports.secrets, caller, texts);
    const draft = await registerToolServer(ports.registry, caller, { name, spec: body, offline });
    return change(async (stores) => {
      const stored = await withinQuota(stores, ports.quotas, caller, 'tool_servers', () =>
        stores.toolServers.put(caller, draft, expected),
      );
      if (stored === null) throw stale(`The tool server ${name}`);
      const json = toolServerResourceOf({ ...stored, type: stored.spec.type });
      return { status: 200, json, headers: { etag: etagOf(stored.version) } };
    });
  },
});
