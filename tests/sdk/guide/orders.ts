import { defineTool, serveTools } from '@holdfast/sdk/tools';
import { z } from 'zod';

const findOrder = defineTool({
  name: 'find_order',
  description: 'Says what an order cost and whether it has arrived.',
  input: z.object({ order: z.string() }),
  handler: ({ order }) => ({ order, customer: 'Ada', amount: 80, arrived: false }),
});

const refund = defineTool({
  name: 'refund',
  description: 'Pays money back to a customer.',
  input: z.object({ order: z.string(), amount: z.number().positive() }),
  handler: ({ order, amount }, { idempotencyKey }) => {
    console.log(`refund of ${amount} for order ${order}, key ${idempotencyKey}`);
    return `paid back ${amount}`;
  },
});

const served = await serveTools([findOrder, refund], { port: 7080, token: 'change-me' });
console.log(`tools at ${served.url}`);
