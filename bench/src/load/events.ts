import { Agent, request as send } from 'node:http';
import type { Tenant } from './holdfast.ts';

// A stream keeps its connection for as long as it lasts.
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** An event as it came, and when: ms since 1970, with fractions. */
export interface Arrival {
  readonly run: string;
  readonly type: string;
  /** Its own time, which it was given before its commit, in whole ms. */
  readonly at: number;
  readonly arrived: number;
  readonly data: Readonly<Record<string, unknown>>;
}

type Sent = { readonly type: string; readonly at: string; readonly data: Readonly<Record<string, unknown>> };

export interface Stream {
  /** Resolves when the run has ended, or the stream was closed. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Follows a run's events over SSE, from its beginning. Resolves when the stream is open. */
export function follow(tenant: Tenant, run: string, heard: (arrival: Arrival) => void): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = { ...tenant.headers, accept: 'text/event-stream' };
    const asked = send(`${tenant.url}/v1/runs/${run}/events`, { agent, headers }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the stream answered ${response.statusCode ?? 0}`));
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const arrived = performance.timeOrigin + performance.now();
        const messages = (rest + chunk).split('\n\n');
        rest = messages.pop() ?? '';
        for (const message of messages) {
          const data = message.indexOf('\ndata: ');
          if (data === -1) continue;
          const event = JSON.parse(message.slice(data + 7)) as Sent;
          heard({ run, type: event.type, at: Date.parse(event.at), arrived, data: event.data });
        }
      });
      // A server that ends takes its streams along.
      response.on('error', () => undefined);
      const ended = new Promise<void>((over) => response.once('close', over));
      resolve({ ended, close: () => asked.destroy() });
    });
    asked.on('error', reject);
    asked.end();
  });
}
