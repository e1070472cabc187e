import { type CreateThreadBody, type ThreadResource, threadPage, threadResource } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, CreateOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** Conversations. Their runs: `runs.list({ thread })`. */
export class Threads extends Resource {
  create(body: CreateThreadBody = {}, options?: CreateOptions): Promise<ThreadResource> {
    return this.make('/v1/threads', threadResource, body, options);
  }

  get(thread: string, options?: CallOptions): Promise<ThreadResource> {
    return this.read(path`/v1/threads/${thread}`, threadResource, options);
  }

  /** Newest first. */
  list({ signal, ...query }: PageOptions = {}): List<ThreadResource> {
    return this.listing('/v1/threads', threadPage, query, { signal });
  }

  /** With its runs and all that they have started, for good. All must have ended. */
  delete(thread: string, options?: CallOptions): Promise<void> {
    return this.remove(path`/v1/threads/${thread}`, options);
  }
}
