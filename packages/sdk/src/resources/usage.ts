import { type UsagePage, usagePage, type usageQuery } from '@holdfast/contracts';
import type { z } from 'zod';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

type UsageAsked = Omit<z.input<typeof usageQuery>, 'format'>;

export class Usage extends Resource {
  /** What was used in a span of time; the last 30 days by agent when left out. */
  get(query: UsageAsked = {}, options?: CallOptions): Promise<UsagePage> {
    return this.read('/v1/usage', usagePage, options, query);
  }

  /** The same as CSV: a line of names, then one for each group. */
  async csv(query: UsageAsked = {}, { signal }: CallOptions = {}): Promise<string> {
    const asked = { ...query, format: 'csv' };
    const bytes = await this.transport.bytes({
      method: 'GET',
      path: '/v1/usage',
      query: asked,
      signal,
      repeatable: true,
    });
    return new TextDecoder().decode(bytes);
  }
}
