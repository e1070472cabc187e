import { type ToolServerDetail, toolServerDetail, toolServerName } from '@holdfast/contracts';
import { type ListedTool, refused, ToolServerUnavailable } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { platformServerOf, toolServerResourceOf } from '../../resources/tool-server.ts';

export const get = route({
  method: 'GET',
  url: '/v1/tools/:name',
  operation: 'tools.get',
  params: z.strictObject({ name: toolServerName }),
  query: nothing,
  body: noBody,
  tag: 'Tools',
  summary: 'Read a tool server',
  description: 'Its tools are listed now. How it is reached and its headers are not shown.',
  answers: {
    200: {
      description: 'The server; `tools` is null and `error` says why when it does not answer.',
      json: toolServerDetail,
      headers: { ETag: 'Of the registration, for `If-Match`; not for servers of the platform.' },
    },
  },
  refusals: ['tool_server_not_found'],
  handle: async ({ registry: { tools, platform, store } }, { caller, params: { name } }) => {
    const isTheirs = platform.names().includes(name);
    const found = isTheirs ? null : await store.get(caller, name);
    if (!isTheirs && found === null) throw refused('tool_server_not_found', `There is no tool server ${name}.`);
    const listed = await listedNow(() => tools.list(caller, name));
    const json: ToolServerDetail = {
      ...(found === null ? platformServerOf(name) : toolServerResourceOf({ ...found, type: found.spec.type })),
      ...listed,
    };
    return { status: 200, json, headers: found === null ? {} : { etag: etagOf(found.version) } };
  },
});

async function listedNow(
  list: () => Promise<readonly ListedTool[]>,
): Promise<Pick<ToolServerDetail, 'tools' | 'error'>> {
  try {
    const tools = (await list()).map(({ name, description, input_schema }) => ({ name, description, input_schema }));
    return { tools, error: null };
  } catch (error) {
    if (!(error instanceof ToolServerUnavailable)) throw error;
    return { tools: null, error: error.message };
  }
}
