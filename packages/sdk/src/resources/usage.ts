import { type UsagePage, usagePage, type usageQuery } from '@holdfast/contracts';
import type { z } from 'zod';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

export class Usage extends Resource {
  /** What the runs created in a span of time have used; the last 30 days by agent when left out. */
  get(query: z.input<typeof usageQuery> = {}, options?: CallOptions): Promise<UsagePage> {
    return this.read('/v1/usage', usagePage, options, query);
  }
}
