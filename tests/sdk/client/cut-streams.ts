/** A `fetch` whose event streams break off, one after so many bytes each; those after the last are whole. */
export function cutting(...afterBytes: readonly number[]): {
  readonly fetch: typeof fetch;
  readonly cuts: () => number;
} {
  const rest = [...afterBytes];
  let cuts = 0;
  return {
    cuts: () => cuts,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const most =
        response.headers.get('content-type')?.startsWith('text/event-stream') === true ? rest.shift() : undefined;
      if (most === undefined || response.body === null) return response;
      let seen = 0;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          const room = most - seen;
          seen += chunk.length;
          controller.enqueue(chunk.slice(0, room));
          if (seen < most) return;
          cuts += 1;
          controller.error(new TypeError('the network went away'));
        },
      });
      return new Response(response.body.pipeThrough(cut), { status: response.status, headers: response.headers });
    },
  };
}
