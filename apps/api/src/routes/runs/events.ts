import { eventNumber, eventPage, readEventsQuery } from '@holdfast/contracts';
import { readEvents, type RunRef } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { invalid } from '../../http/check.ts';
import { acceptsStream } from '../../http/accepts-stream.ts';
import { type Answer, type Ask, noBody, route, runParams } from '../../http/route.ts';
import type { ApiPorts } from '../../ports.ts';
import { SseListener } from '../../sse/sse-listener.ts';

/** Pages as JSON, or the live stream when the client accepts `text/event-stream`. */
export const events = route({
  method: 'GET',
  url: '/v1/runs/:run/events',
  operation: 'runs.events',
  params: runParams,
  query: readEventsQuery,
  body: noBody,
  tag: 'Runs',
  summary: "Read or follow a run's events",
  description:
    'Pages as JSON; with `Accept: text/event-stream` the live stream, which ends when the run ends. `id:` of a message is the number of its event.',
  headers: {
    'last-event-id': { description: 'The stream goes on after this event; wins over `after`.', pattern: /^\d{1,9}$/ },
  },
  answers: {
    200: {
      description: 'A page of events, or the stream.',
      json: eventPage,
      media: { 'text/event-stream': 'One message an event; a comment every 15 s.' },
    },
    204: { description: 'A stream was asked for, and there is nothing left of it.' },
  },
  refusals: ['run_not_found'],
  handle: async (ports, ask) => {
    const { caller, params, query, request } = ask;
    const ref = { tenant: caller.tenant, run: params.run };
    const after = query.after ?? lastEventId(request);
    if (acceptsStream(request.headers.accept))
      return stream(ports, ask, ref, lastEventId(request) ?? query.after ?? 0, query.deltas);
    const text = await readEvents(ports, ref, after ?? 0, query.limit);
    return { status: 200, text, headers: { 'content-type': 'application/json; charset=utf-8' } };
  },
});

async function stream(
  { streams, deltas, guard, metrics }: ApiPorts,
  { request, reply }: Ask<unknown, unknown, unknown>,
  ref: RunRef,
  after: number,
  withDeltas: boolean,
): Promise<Answer> {
  let end: () => void = () => undefined;
  const followed = await streams.follow(ref, after, (head, reset) => {
    reply.hijack();
    request.streamed = true;
    metrics.http.streamOpened();
    reply.raw.on('close', () => metrics.http.streamClosed());
    const listener = new SseListener(reply.raw, { 'x-request-id': request.id });
    if (reset) listener.reset(head);
    if (withDeltas) {
      const leave = deltas.subscribe(ref, (delta) => listener.sendDelta(delta));
      reply.raw.on('close', leave);
      if (reply.raw.closed) leave();
    }
    end = () => listener.end('denied');
    return listener;
  });
  // 204 tells an EventSource to stop reconnecting.
  if (followed.type === 'nothing-left') return { status: 204, text: '', headers: {} };
  const unwatch = guard.watch(request.headers.authorization ?? '', () => {
    followed.leave();
    end();
  });
  const leave = (): void => {
    unwatch();
    followed.leave();
  };
  if (reply.raw.closed) leave();
  else reply.raw.on('close', leave);
  return 'taken';
}

/** Set by a client that reconnects; it knows better than the query, which stays as it was at first. */
function lastEventId({ headers }: FastifyRequest): number | undefined {
  const given = headers['last-event-id'];
  if (given === undefined || given === '') return undefined;
  const id = eventNumber.safeParse(/^\d{1,10}$/.test(String(given)) ? Number(given) : null);
  if (!id.success)
    throw invalid(
      [{ path: 'Last-Event-ID', message: 'is the id of an event: a whole number from 0' }],
      'invalid_request',
    );
  return id.data;
}
