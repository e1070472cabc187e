import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Nothing came for longer than a healthy stream is silent. */
export class Silence extends Error {
  override readonly name = 'Silence';
}

/**
 * The messages of a `text/event-stream`, wherever it is cut into chunks; one that is cut off is dropped.
 * @throws Silence when no byte, not even a heartbeat, comes for `silenceMs`.
 */
export async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const come: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => come.push(message) });
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silenceMs);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* come.splice(0);
    }
  } finally {
    // Also lets go of the connection when the reader of this generator has left.
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Silence(`nothing came for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}
