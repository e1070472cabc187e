import type { ToolOutcome, ToolRequest, Tools } from '@holdfast/core';

/** Each call goes to where its tool comes from. */
export function toolbox(mcp: Tools, builtin: Tools): Tools {
  return {
    call: (request: ToolRequest, signal: AbortSignal): Promise<ToolOutcome> =>
      (request.tool.source.type === 'mcp' ? mcp : builtin).call(request, signal),
  };
}
