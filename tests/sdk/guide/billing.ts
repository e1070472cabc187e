import { defineTool, serveTools } from '@holdfast/sdk/tools';
import { z } from 'zod';

const invoices = new Map<string, { number: number; amount: number }>();

const createInvoice = defineTool({
  name: 'create_invoice',
  description: 'Creates an invoice and gives its number.',
  input: z.object({ customer: z.string(), amount: z.number().positive() }),
  effect: 'idempotent',
  handler: ({ amount }, { idempotencyKey }) => {
    const made = invoices.get(idempotencyKey) ?? { number: invoices.size + 1, amount };
    invoices.set(idempotencyKey, made);
    return made;
  },
});

const served = await serveTools([createInvoice], { port: Number(process.env['PORT'] ?? 7080), token: 'change-me' });
console.log(`tools at ${served.url}`);
process.on('SIGTERM', () => void served.close());
