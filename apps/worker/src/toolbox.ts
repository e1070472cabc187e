import type { ToolOutcome, ToolRequest, Tools } from '@holdfast/core';

export interface Toolbox {
  /** MCP servers and HTTP tools. */
  readonly servers: Tools;
  readonly artifacts: Tools;
  readonly fetch: Tools;
}

/** Each call goes to where its tool comes from. */
export function toolbox({ servers, artifacts, fetch }: Toolbox): Tools {
  return {
    call: (request: ToolRequest, signal: AbortSignal): Promise<ToolOutcome> => {
      const { source } = request.tool;
      if (source.type !== 'builtin') return servers.call(request, signal);
      return (source.name === 'http.fetch' ? fetch : artifacts).call(request, signal);
    },
  };
}
