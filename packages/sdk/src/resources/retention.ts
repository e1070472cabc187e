import { type Retention, retention } from '@holdfast/contracts';
import type { CallOptions, ChangeOptions } from '../http/request.ts';
import type { Tagged } from '../http/transport.ts';
import { Resource } from './resource.ts';

/** How long runs that have ended are kept. */
export class RetentionOfRuns extends Resource {
  /** With the ETag that a change may be bound to. */
  get({ signal }: CallOptions = {}): Promise<Tagged<Retention>> {
    return this.transport.tagged({
      method: 'GET',
      path: '/v1/retention',
      answer: retention,
      signal,
      repeatable: true,
    });
  }

  set(body: Retention, options?: ChangeOptions): Promise<Retention> {
    return this.put('/v1/retention', retention, body, options);
  }
}
