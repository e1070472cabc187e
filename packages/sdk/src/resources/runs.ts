import {
  type BulkBody,
  bulkOperation,
  type BulkOperationResource,
  bulkPage,
  effectPage,
  type EffectResource,
  type ForkRunBody,
  type listRunsQuery,
  type MessageReceipt,
  messageReceipt,
  type rerunBody,
  runPage,
  type RunResource,
  runResource,
  runSummary,
  type RunSummaryResource,
  type SendMessageBody,
  type StartRunBody,
  type steerBody,
  type WireEvent,
} from '@holdfast/contracts';
import type { z } from 'zod';
import { RunFailed } from '../errors.ts';
import { path } from '../http/path.ts';
import { type CallOptions, type CreateOptions, FILES_MS } from '../http/request.ts';
import type { List } from '../list.ts';
import { type EventsOptions, runEvents } from '../stream/run-events.ts';
import { type PageOptions, Resource } from './resource.ts';
import { resultOf, type RunResult } from './run-result.ts';

type Filter = Partial<Omit<z.output<typeof listRunsQuery>, 'cursor' | 'limit'>>;
export type ListRunsOptions = PageOptions & { readonly [K in keyof Filter]?: Filter[K] | undefined };
type Steering = z.input<typeof steerBody>;

const ended = new Set<RunResource['status']>(['succeeded', 'failed', 'cancelled']);

export class Runs extends Resource {
  /** Accepted means durable, its `files` included: the run starts as soon as there is a worker and room. */
  start(body: StartRunBody, options?: CreateOptions): Promise<RunResource> {
    const { files = [] } = body;
    return this.make('/v1/runs', runResource, body, options, files.length === 0 ? undefined : FILES_MS);
  }

  get(run: string, options?: CallOptions): Promise<RunResource> {
    return this.read(path`/v1/runs/${run}`, runResource, options);
  }

  /** Newest first. */
  list({ signal, ...query }: ListRunsOptions = {}): List<RunSummaryResource> {
    return this.listing('/v1/runs', runPage, query, { signal });
  }

  /**
   * Waits for the end, however long that takes: a run that waits for a person has none yet.
   * @throws RunFailed when it failed or was cancelled.
   */
  async result(run: string, options: CallOptions = {}): Promise<RunResult> {
    let now = await this.get(run, options);
    if (!ended.has(now.status)) {
      for await (const _event of this.events(run, { ...options, after: now.head })) continue;
      now = await this.get(run, options);
    }
    if (now.status !== 'succeeded') throw new RunFailed(now);
    return resultOf(now);
  }

  /** Events after `after`, then those that come, each once and in order, until the run's end. Cut streams are resumed. */
  events(run: string, options?: EventsOptions): AsyncGenerator<WireEvent, void, undefined> {
    return runEvents(this.transport, run, options);
  }

  /** Speaks to the run; it will hear it before it can succeed. */
  send(run: string, message: string | SendMessageBody, options?: CreateOptions): Promise<MessageReceipt> {
    const body = typeof message === 'string' ? { content: message } : message;
    return this.make(path`/v1/runs/${run}/messages`, messageReceipt, body, options);
  }

  /** Calls under way end; nothing new begins. */
  pause(run: string, body: Steering = {}, options?: CreateOptions): Promise<RunSummaryResource> {
    return this.make(path`/v1/runs/${run}/pause`, runSummary, body, options);
  }

  resume(run: string, options?: CreateOptions): Promise<RunSummaryResource> {
    return this.make(path`/v1/runs/${run}/resume`, runSummary, {}, options);
  }

  cancel(run: string, body: Steering = {}, options?: CreateOptions): Promise<RunSummaryResource> {
    return this.make(path`/v1/runs/${run}/cancel`, runSummary, body, options);
  }

  /** A new run that goes on from an event of this one, with what `body` changes. */
  fork(run: string, body: ForkRunBody = {}, options?: CreateOptions): Promise<RunResource> {
    return this.make(path`/v1/runs/${run}/fork`, runResource, body, options);
  }

  /** A fork at the last good event, with nothing changed. */
  rerun(run: string, body: z.input<typeof rerunBody> = {}, options?: CreateOptions): Promise<RunResource> {
    return this.make(path`/v1/runs/${run}/rerun`, runResource, body, options);
  }

  /** The same to every run that fits the filter. It goes on by itself; `bulkOperation` tells how far it is. */
  bulk(body: BulkBody, options?: CreateOptions): Promise<BulkOperationResource> {
    return this.make('/v1/bulk', bulkOperation, body, options);
  }

  bulkOperation(id: string, options?: CallOptions): Promise<BulkOperationResource> {
    return this.read(path`/v1/bulk/${id}`, bulkOperation, options);
  }

  /** Newest first. */
  bulkOperations({ signal, ...query }: PageOptions = {}): List<BulkOperationResource> {
    return this.listing('/v1/bulk', bulkPage, query, { signal });
  }

  /** No further run is touched; what was done stays done. */
  cancelBulk(id: string, options?: CreateOptions): Promise<BulkOperationResource> {
    return this.make(path`/v1/bulk/${id}/cancel`, bulkOperation, {}, options);
  }

  /** What became of each tool call. */
  effects(run: string, options?: CallOptions): Promise<{ items: EffectResource[] }> {
    return this.read(path`/v1/runs/${run}/effects`, effectPage, options);
  }

  /** With its log and its files, for good. Only a run that has ended. */
  delete(run: string, options?: CallOptions): Promise<void> {
    return this.remove(path`/v1/runs/${run}`, options);
  }
}
