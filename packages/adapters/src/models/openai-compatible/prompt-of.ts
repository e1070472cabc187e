import type { LanguageModelV3Prompt } from '@ai-sdk/provider';
import type { Content, JsonObject, Part } from '@holdfast/contracts';
import type { PromptMessage } from '@holdfast/core';

/** `schema`: what the answer must fit when the server cannot be made to see to it; it is told in words then. */
export function promptOf(messages: readonly PromptMessage[], schema: JsonObject | null): LanguageModelV3Prompt {
  const prompt: LanguageModelV3Prompt = [];
  const system = messages.flatMap((message) => (message.role === 'system' ? [message.text] : []));
  if (schema !== null) system.push(inWords(schema));
  if (system.length > 0) prompt.push({ role: 'system', content: system.join('\n\n') });
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        break;
      case 'user':
        sayAsUser(prompt, textOf(message.content));
        break;
      case 'assistant': {
        const text = textOf(message.content);
        // Arguments that are no JSON are `{}` here: servers parse them, and refuse the whole request.
        const calls = message.toolCalls.map(
          ({ id, name, arguments: input }) => ({ type: 'tool-call', toolCallId: id, toolName: name, input }) as const,
        );
        // An answer without words is none to servers that check.
        if (text === '' && calls.length === 0) break;
        prompt.push({
          role: 'assistant',
          content: [...(text === '' ? [] : [{ type: 'text', text } as const]), ...calls],
        });
        break;
      }
      case 'tool': {
        const text = textOf(message.content);
        // The format has no place that says so.
        const value = message.isError ? `Error: ${text}` : text;
        prompt.push({
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: message.id,
              toolName: message.name,
              output: { type: 'text', value },
            },
          ],
        });
        break;
      }
    }
  }
  return prompt;
}

/** Some chat templates refuse two messages of the user in a row, so they become one. */
function sayAsUser(prompt: LanguageModelV3Prompt, text: string): void {
  const last = prompt.at(-1);
  const before = last?.role === 'user' && last.content[0]?.type === 'text' ? last.content[0].text : null;
  if (before !== null) prompt.pop();
  prompt.push({ role: 'user', content: [{ type: 'text', text: before === null ? text : `${before}\n\n${text}` }] });
}

const textOf = (content: Content): string => content.map(partText).join('\n');

/** Files are named, and shown as far as their preview goes. */
function partText(part: Part): string {
  switch (part.type) {
    case 'text':
      return part.text;
    case 'artifact': {
      const file = `[file ${part.name ?? part.digest}, ${part.media_type}, ${part.size} bytes]`;
      return part.preview === undefined ? file : `${file}\n${part.preview}`;
    }
    case 'image':
      return `[image, ${part.media_type}, ${part.size} bytes]`;
  }
}

const inWords = (schema: JsonObject): string =>
  `When you give your final answer, give it as JSON that fits this JSON Schema, with nothing before or after it:\n${JSON.stringify(schema)}`;
