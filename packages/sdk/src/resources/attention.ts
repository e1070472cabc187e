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

/** What needs a person. */
export class Attention extends Resource {
  list({ signal, ...query }: PageOptions & { readonly run?: string | undefined } = {}): List<AttentionResource> {
    return this.listing('/v1/attention', attentionPage, query, { signal });
  }

  /** Settles what `ref` names; which decisions it takes depends on its kind. */
  decide(run: string, ref: string, body: DecideBody, options?: CreateOptions): Promise<DecisionReceipt> {
    return this.make(path`/v1/runs/${run}/attention/${ref}`, decisionReceipt, body, options);
  }
}
