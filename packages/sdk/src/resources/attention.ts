import {
  attentionPage,
  type AttentionResource,
  type DecideBody,
  type DecisionReceipt,
  decisionReceipt,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CreateOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface AttentionQuery extends PageOptions {
  readonly run?: string | undefined;
  readonly kind?: AttentionResource['kind'] | undefined;
  readonly agent?: string | undefined;
  /** What the caller may settle. */
  readonly mine?: boolean | undefined;
}

/** What needs a person. */
export class Attention extends Resource {
  list({ signal, ...query }: AttentionQuery = {}): List<AttentionResource> {
    return this.listing('/v1/attention', attentionPage, query, { signal });
  }

  /** Settles what `ref` names; which decisions it takes depends on its kind. */
  decide(run: string, ref: string, body: DecideBody, options?: CreateOptions): Promise<DecisionReceipt> {
    return this.make(path`/v1/runs/${run}/attention/${ref}`, decisionReceipt, body, options);
  }
}
