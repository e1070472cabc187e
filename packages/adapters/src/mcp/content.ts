import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Content } from '@holdfast/contracts';

type Block = CallToolResult['content'][number];

/** What the model sees of a result: its texts; of other blocks a short note that they were there. */
export function contentOf({ content, structuredContent }: CallToolResult): Content {
  if (content.length === 0 && structuredContent !== undefined) {
    return [{ type: 'text', text: JSON.stringify(structuredContent) }];
  }
  return content.map((block) => ({ type: 'text', text: textOf(block) }));
}

function textOf(block: Block): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type} left out: ${block.mimeType}, ${Buffer.byteLength(block.data, 'base64')} bytes]`;
    case 'resource_link':
      return `[link to a resource: ${block.uri}]`;
    case 'resource':
      return 'text' in block.resource ? block.resource.text : `[resource left out: ${block.resource.uri}]`;
  }
}
