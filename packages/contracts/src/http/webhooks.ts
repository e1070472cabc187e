import { z } from 'zod';
import { duration } from '../agent/duration.ts';
import { type EventType, eventTypes, terminalTypes, type WireEvent } from '../event/event.ts';
import { agentName } from './agents.ts';
import { page, pageQuery } from './page.ts';

/** Names for several types of events, beside the types themselves. */
export const webhookGroups = {
  ends: [...terminalTypes],
  attention: [
    'approval.asked',
    'question.asked',
    'limit.reached',
    'tool.unknown',
    'tool.changed',
    'duplicate.found',
    'log.went_back',
    'run.restored',
    'budget.reached',
    'budget.noticed',
  ],
  decisions: [
    'approval.given',
    'approval.decided',
    'approval.changed',
    'question.answered',
    'limit.raised',
    'tool.resolved',
    'duplicate.decided',
    'engine.resumed',
  ],
  all: eventTypes,
} as const satisfies Readonly<Record<string, readonly EventType[]>>;
export type WebhookGroup = keyof typeof webhookGroups;
const groupNames = Object.keys(webhookGroups) as WebhookGroup[];

export const webhookEvent = z.enum([...groupNames, ...eventTypes]);
export type WebhookEvent = z.output<typeof webhookEvent>;

const isGroup = (event: WebhookEvent): event is WebhookGroup => Object.hasOwn(webhookGroups, event);

/** The types that these types and groups stand for, each once. */
export const webhookTypes = (events: readonly WebhookEvent[]): EventType[] => [
  ...new Set(events.flatMap((event): readonly EventType[] => (isGroup(event) ? webhookGroups[event] : [event]))),
];

const webhookUrl = z
  .string()
  .max(2_000)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'must be a URL that begins with https://',
  });

export const webhookBody = z
  .strictObject({
    url: webhookUrl.describe('Over HTTPS; over plain HTTP only where OUTBOUND_ALLOW names the host.'),
    description: z.string().max(500).default(''),
    events: z
      .array(webhookEvent)
      .nonempty()
      .max(60)
      .default(['ends', 'attention'])
      .describe(
        'Types of events, and groups: `ends`, `attention` (what needs a person, or soon may), `decisions` (what people said to it), `all`.',
      ),
    agent: agentName.optional().describe('Runs of this agent alone; left out: of all.'),
  })
  .meta({ id: 'WebhookSettings' });
export type WebhookBody = z.input<typeof webhookBody>;

export const rotateWebhookBody = z.strictObject({
  overlap: duration
    .default(86_400_000)
    .describe('For so long each message bears the signature of the old secret, too; 24 h when left out.'),
});
export type RotateWebhookBody = z.input<typeof rotateWebhookBody>;

export const webhookReplayBody = z
  .strictObject({
    run: z.uuid().optional().describe('All of this run, from its beginning.'),
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('What happened from then on, in the runs that the webhook was to be told of since.'),
  })
  .refine((body) => (body.run === undefined) !== (body.since === undefined), { error: 'give run or since, not both' });
export type WebhookReplayBody = z.input<typeof webhookReplayBody>;
export const webhookReplay = z.object({
  runs: z.int().nonnegative().describe('Runs of which something is sent again.'),
});
export type WebhookReplay = z.output<typeof webhookReplay>;

const webhookFields = {
  id: z.uuid(),
  url: z.string(),
  description: z.string(),
  events: z.array(webhookEvent),
  agent: z.string().nullable(),
  enabled: z.boolean(),
  disabled_because: z
    .enum(['asked', 'gone', 'failing'])
    .nullable()
    .describe('Somebody asked for it; the receiver answered 410; it has failed for three days.'),
  disabled_at: z.iso.datetime().nullable(),
  failures: z.int().nonnegative().describe('Attempts that failed since the last one that did not.'),
  failing_since: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const webhookResource = z.object(webhookFields).meta({ id: 'Webhook' });
export type WebhookResource = z.output<typeof webhookResource>;

/** Shown once. */
export const newWebhookResource = z
  .object({ ...webhookFields, secret: z.string().describe('`whsec_…`, with which messages are signed.') })
  .meta({ id: 'NewWebhook' });
export type NewWebhookResource = z.output<typeof newWebhookResource>;

export const webhookPage = page(webhookResource);

const deliveryState = z.enum(['delivered', 'failed', 'given-up']);

export const webhookDelivery = z
  .object({
    id: z.uuid(),
    message_id: z.string().describe('The header `webhook-id`: the same for all attempts to send one event.'),
    trigger: z.enum(['event', 'replay', 'test']),
    state: deliveryState.describe('`given-up`: it has failed for three days, while others were delivered.'),
    type: z.string(),
    run_id: z.uuid().nullable(),
    seq: z.int().positive().nullable(),
    attempt: z.int().positive(),
    at: z.iso.datetime(),
    ms: z.int().nonnegative(),
    status: z.int().nullable().describe('Of the HTTP answer; null: there was none.'),
    error: z.string().nullable(),
    response: z.string().nullable().describe('The beginning of the answer.'),
    retry_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDeliveryResource = z.output<typeof webhookDelivery>;
export const webhookDeliveryPage = page(webhookDelivery);

export const listDeliveriesQuery = pageQuery.extend({
  state: deliveryState.optional(),
  run: z.uuid().optional(),
});

/** What is sent: type, time, and the event as `GET /v1/runs/{run}/events` shows it. */
export interface WebhookMessage {
  readonly type: string;
  /** Of the event. */
  readonly timestamp: string;
  readonly data: {
    readonly run_id: string;
    readonly agent: string;
    readonly version: number;
    readonly metadata: Readonly<Record<string, string>>;
    readonly event: WireEvent;
  };
}
