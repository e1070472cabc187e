import { type Retention, retention } from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

/** How long runs that have ended are kept. */
export class RetentionOfRuns extends Resource {
  get(options?: CallOptions): Promise<Retention> {
    return this.read('/v1/retention', retention, options);
  }

  set(body: Retention, options?: CallOptions): Promise<Retention> {
    return this.put('/v1/retention', retention, body, options);
  }
}
