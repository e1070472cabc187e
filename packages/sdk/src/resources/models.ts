import { modelPage, type ModelResource } from '@holdfast/contracts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

export class Models extends Resource {
  /** The models that agents may name, and how they are. */
  list(options?: CallOptions): Promise<{ items: ModelResource[] }> {
    return this.read('/v1/models', modelPage, options);
  }
}
