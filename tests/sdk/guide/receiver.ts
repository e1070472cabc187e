import { createServer, type IncomingMessage } from 'node:http';
import { verifyWebhook, WebhookInvalid } from '@holdfast/sdk';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
// In a real receiver a table: written in the transaction that does what follows from the message.
const seen = new Set<string>();

async function receive(request: IncomingMessage): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { headers } = request;
  const { type, data } = await verifyWebhook({ body: Buffer.concat(chunks), headers, secret });
  const id = String(headers['webhook-id']);
  if (!seen.has(id)) console.log(type, data.run_id ?? '');
  seen.add(id);
  return 204;
}

const server = createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    (error: unknown) => response.writeHead(error instanceof WebhookInvalid ? 400 : 500).end(),
  );
});
server.listen(7080, '127.0.0.1', () => console.log('receiver is there'));
