import { setTimeout as pause } from 'node:timers/promises';
import { text } from '@holdfast/contracts';
import type { PlatformTools } from '@holdfast/core';

/** The tool server `bench`: `noop` answers so many bytes at once, `pause` takes a random time between two, ms. */
export function benchTools(bytes: number): PlatformTools {
  const content = text('x'.repeat(bytes));
  const input_schema = { type: 'object' };
  const listed = [
    { name: 'noop', description: 'Does nothing.', input_schema },
    { name: 'pause', description: 'Takes its time.', input_schema },
  ];
  return {
    names: () => ['bench'],
    list: () => Promise.resolve(listed),
    call: async ({ tool, arguments: given }) => {
      if (tool.name === 'pause') {
        const [from, to] = [Number(given['from']), Number(given['to'])];
        await pause(from + Math.random() * (to - from));
      }
      return { type: 'answered', content, isError: false };
    },
  };
}
