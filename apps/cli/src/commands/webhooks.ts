import { webhookEvent } from '@holdfast/contracts';
import type { NewWebhookResource, WebhookBody, WebhookDeliveryResource, WebhookResource } from '@holdfast/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type Output, show, showPage } from '../output.ts';
import { confirmed, defined, type Paged, paged } from './arguments.ts';

interface Settings {
  readonly event?: string[];
  readonly agent?: string;
  readonly description?: string;
}

const withSettings = (command: Command): Command =>
  command
    .option('--event <type...>', 'types of events, and groups: ends, attention, all; ends and attention when left out')
    .option('--agent <name>', 'runs of this agent alone')
    .option('--description <text>');

export function webhooks(program: Command, { client, output }: Context): void {
  const group = program.command('webhooks').description('receivers outside that are told of events of runs');
  withSettings(group.command('create').description('the secret is shown once, on standard output'))
    .argument('<url>', 'https://…')
    .action(async (url: string, settings: Settings) => {
      showSecret(output(), await client().webhooks.create({ url, ...settingsOf(settings) }));
    });
  paged(group.command('list').description('without their secrets')).action(async (query: Paged) => {
    showPage(
      output(),
      await client().webhooks.list(query).page(),
      ['id', 'url', 'events', 'agent', 'state'],
      (webhook) => [webhook.id, webhook.url, webhook.events.join(' '), webhook.agent ?? '', stateOf(webhook)],
    );
  });
  group
    .command('show')
    .description('where it goes, and whether it works')
    .argument('<webhook>')
    .action(async (id: string) => showWebhook(output(), await client().webhooks.get(id)));
  withSettings(group.command('update').description('what is not named stays as it is'))
    .argument('<webhook>')
    .option('--url <url>')
    .action(async (id: string, { url, ...settings }: Settings & { url?: string }) => {
      const old = await client().webhooks.get(id);
      const body = {
        url: old.url,
        description: old.description,
        events: listOf(old.events),
        ...(old.agent === null ? {} : { agent: old.agent }),
        ...defined({ url }),
        ...settingsOf(settings),
      };
      showWebhook(output(), await client().webhooks.update(id, body));
    });
  for (const [name, description] of [
    ['enable', 'it goes on where it stopped'],
    ['disable', 'what happens meanwhile is kept for the time when it is enabled'],
  ] as const)
    group
      .command(name)
      .description(description)
      .argument('<webhook>')
      .action(async (id: string) => showWebhook(output(), await client().webhooks[name](id)));
  group
    .command('delete')
    .description('with what waits to be sent')
    .argument('<webhook>')
    .option('--yes', 'really')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes webhook ${id}, its deliveries and what waits to be sent.`);
      await client().webhooks.delete(id);
      show(output(), { id, deleted: true }, () => `${id} is deleted`);
    });
  group
    .command('rotate')
    .description('a new secret; the old one signs, too, for a while')
    .argument('<webhook>')
    .option('--overlap <duration>', 'how long the old one goes on', '24h')
    .action(async (id: string, { overlap }: { overlap: string }) => {
      showSecret(output(), await client().webhooks.rotate(id, { overlap }));
    });
  group
    .command('test')
    .description('send a message now; exits with 1 when it was not taken')
    .argument('<webhook>')
    .action(async (id: string) => showDelivery(output(), await client().webhooks.test(id)));
  paged(group.command('deliveries').description('each attempt, newest first'))
    .argument('<webhook>')
    .addOption(new Option('--state <state>').choices(['delivered', 'failed', 'given-up']))
    .option('--run <run>', 'of this run')
    .action(async (id: string, query: Paged & { state?: WebhookDeliveryResource['state']; run?: string }) => {
      showPage(
        output(),
        await client().webhooks.deliveries(id, query).page(),
        ['id', 'at', 'type', 'run', 'seq', 'attempt', 'state', 'answer'],
        (one) => [
          one.id,
          one.at,
          one.type,
          one.run_id ?? '',
          one.seq === null ? '' : String(one.seq),
          String(one.attempt),
          one.state,
          answerOf(one),
        ],
      );
    });
  group
    .command('replay')
    .description('send again: one delivery at once, a run, or all since a time')
    .argument('<webhook>')
    .option('--delivery <delivery>')
    .option('--run <run>')
    .option('--since <time>', 'such as 2026-11-27T08:00:00Z')
    .action(async (id: string, options: { delivery?: string; run?: string; since?: string }) => {
      const { delivery, ...body } = options;
      if (Object.keys(options).filter((key) => key !== 'json').length !== 1)
        throw new Failure('Give one of --delivery, --run, --since.', exitCodes.usage);
      if (delivery !== undefined) return showDelivery(output(), await client().webhooks.replayDelivery(id, delivery));
      const { runs } = await client().webhooks.replay(id, defined({ run: body.run, since: body.since }));
      show(output(), { runs }, () => `events of ${runs} run${runs === 1 ? '' : 's'} are sent again`);
    });
}

type Events = [WebhookResource['events'][number], ...WebhookResource['events']];

const listOf = ([first, ...rest]: WebhookResource['events']): Events => [first ?? 'ends', ...rest];

function settingsOf({ event, agent, description }: Settings): Omit<WebhookBody, 'url'> {
  const events = event?.map((text) => {
    const known = webhookEvent.safeParse(text);
    if (known.success) return known.data;
    throw new Failure(
      `${text} is no type of events and no group. docs/reference/events.md lists them.`,
      exitCodes.usage,
    );
  });
  return defined({ agent, description, events: events === undefined ? undefined : listOf(events) });
}

const stateOf = ({ enabled, disabled_because, failing_since }: WebhookResource): string => {
  if (!enabled) return `disabled (${disabled_because ?? ''})`;
  return failing_since === null ? 'enabled' : `failing since ${failing_since}`;
};

function showWebhook(output: Output, webhook: WebhookResource): void {
  const { id, url, events, agent } = webhook;
  show(output, webhook, () =>
    [`${id}  ${stateOf(webhook)}`, url, `${events.join(' ')}${agent === null ? '' : `, of ${agent} alone`}`].join('\n'),
  );
}

function showSecret(output: Output, made: NewWebhookResource): void {
  if (!output.json) output.err(`${made.id} for ${made.url}. The secret, shown only now:`);
  show(output, made, () => made.secret);
}

const answerOf = ({ status, error }: WebhookDeliveryResource): string => error ?? `HTTP ${status ?? ''}`;

function showDelivery(output: Output, delivery: WebhookDeliveryResource): void {
  show(output, delivery, () => `${delivery.type} ${delivery.state} after ${delivery.ms} ms: ${answerOf(delivery)}`);
  if (delivery.state !== 'delivered') throw new Failure('It was not taken.');
}
