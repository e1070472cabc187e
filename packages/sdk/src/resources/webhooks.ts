import {
  type NewWebhookResource,
  newWebhookResource,
  type RotateWebhookBody,
  type WebhookBody,
  type WebhookDeliveryResource,
  webhookDelivery,
  webhookDeliveryPage,
  webhookPage,
  type WebhookReplay,
  webhookReplay,
  type WebhookReplayBody,
  type WebhookResource,
  webhookResource,
} from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions, CreateOptions } from '../http/request.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

export interface DeliveriesOptions extends PageOptions {
  readonly state?: WebhookDeliveryResource['state'] | undefined;
  readonly run?: string | undefined;
}

/** Receivers outside that are told of events of runs. `verifyWebhook` is for them. */
export class Webhooks extends Resource {
  /**
   * The secret is in this answer only: so this is not sent again when the answer is lost. Delete the webhook of a lost
   * answer, or rotate its secret.
   */
  create(body: WebhookBody, options?: CallOptions): Promise<NewWebhookResource> {
    return this.unrepeated('/v1/webhooks', newWebhookResource, body, options);
  }

  get(id: string, options?: CallOptions): Promise<WebhookResource> {
    return this.read(path`/v1/webhooks/${id}`, webhookResource, options);
  }

  list({ signal, ...query }: PageOptions = {}): List<WebhookResource> {
    return this.listing('/v1/webhooks', webhookPage, query, { signal });
  }

  /** Sets all of it but its secret; what is left out gets its default. */
  update(id: string, body: WebhookBody, options?: ChangeOptions): Promise<WebhookResource> {
    return this.put(path`/v1/webhooks/${id}`, webhookResource, body, options);
  }

  delete(id: string, options?: ChangeOptions): Promise<void> {
    return this.remove(path`/v1/webhooks/${id}`, options);
  }

  /** It goes on where it stopped. */
  enable(id: string, options?: CallOptions): Promise<WebhookResource> {
    return this.unrepeated(path`/v1/webhooks/${id}/enable`, webhookResource, {}, options);
  }

  disable(id: string, options?: CallOptions): Promise<WebhookResource> {
    return this.unrepeated(path`/v1/webhooks/${id}/disable`, webhookResource, {}, options);
  }

  /** A new secret; the old one signs, too, for `overlap`. */
  rotate(id: string, body: RotateWebhookBody = {}, options?: CallOptions): Promise<NewWebhookResource> {
    return this.unrepeated(path`/v1/webhooks/${id}/rotate`, newWebhookResource, body, options);
  }

  /** Sends a message of type `webhook.test` at once. */
  test(id: string, options?: CallOptions): Promise<WebhookDeliveryResource> {
    return this.unrepeated(path`/v1/webhooks/${id}/test`, webhookDelivery, {}, options);
  }

  /** Newest first. */
  deliveries(id: string, { signal, ...query }: DeliveriesOptions = {}): List<WebhookDeliveryResource> {
    return this.listing(path`/v1/webhooks/${id}/deliveries`, webhookDeliveryPage, query, { signal });
  }

  /** Sends its event again, at once and once. */
  replayDelivery(id: string, delivery: string, options?: CallOptions): Promise<WebhookDeliveryResource> {
    return this.unrepeated(path`/v1/webhooks/${id}/deliveries/${delivery}/replay`, webhookDelivery, {}, options);
  }

  /** Sends the events of a run again, or those since a time. */
  replay(id: string, body: WebhookReplayBody, options?: CreateOptions): Promise<WebhookReplay> {
    return this.make(path`/v1/webhooks/${id}/replay`, webhookReplay, body, options);
  }
}
