import { toolServerName } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { stale } from '../../http/etag.ts';
import { expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { toolServerNow } from './tool-server-now.ts';

export const deleteToolServer = route({
  method: 'DELETE',
  url: '/v1/tools/:name',
  operation: 'tools.delete',
  params: z.strictObject({ name: toolServerName }),
  query: nothing,
  body: noBody,
  tag: 'Tools',
  summary: 'Delete a tool server',
  description: 'Calls of its tools are then not sent; agents that name it cannot be published.',
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['invalid_request', 'tool_server_not_found', 'etag_mismatch'],
  headers: { 'If-Match': ifMatch },
  resource: toolServerNow,
  audit: true,
  handle: (_ports, { caller, params: { name }, request, change }) => {
    const expected = expectedVersion(request);
    return change(async ({ toolServers }) => {
      const outcome = await toolServers.delete(caller, name, expected);
      if (outcome === 'missing')
        throw refused('tool_server_not_found', `This tenant has registered no tool server ${name}.`);
      if (outcome === 'mismatch') throw stale(`The tool server ${name}`);
      return { status: 204 };
    });
  },
});
