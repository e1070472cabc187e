import { ConnectionFailed, Holdfast, HoldfastError, RunFailed } from '@holdfast/sdk';

const holdfast = new Holdfast({
  url: process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070',
  key: process.env['HOLDFAST_API_KEY'] ?? '',
});

/** However often it is called for an order, there is one run of it. */
async function answerTo(order: string, agent: string): Promise<string> {
  try {
    const { id } = await holdfast.runs.start({ agent, input: order }, { idempotencyKey: `order-${order}` });
    return (await holdfast.runs.result(id, { signal: AbortSignal.timeout(60_000) })).text;
  } catch (error) {
    if (error instanceof HoldfastError) return `refused: ${error.code} (${error.status})`;
    if (error instanceof RunFailed) return `run ${error.run.id} has no answer: ${error.code}`;
    if (error instanceof ConnectionFailed) return `nobody answers at ${error.url}`;
    throw error;
  }
}

console.log(await answerTo('17', 'parrot'));
console.log(await answerTo('17', 'parrot'));
console.log(await answerTo('18', 'nobody'));
for await (const { id, status } of holdfast.runs.list({ agent: 'parrot' })) console.log(id, status);
