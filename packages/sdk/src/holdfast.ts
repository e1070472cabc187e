import { standardRetries, type RetryPolicy } from './http/retry.ts';
import { type Key, Transport } from './http/transport.ts';
import { Agents } from './resources/agents.ts';
import { Aliases } from './resources/aliases.ts';
import { Uploads } from './resources/uploads.ts';
import { Artifacts } from './resources/artifacts.ts';
import { Attention } from './resources/attention.ts';
import { AuditTrail } from './resources/audit.ts';
import { Budgets } from './resources/budgets.ts';
import { Keys } from './resources/keys.ts';
import { Members } from './resources/members.ts';
import { Models } from './resources/models.ts';
import { PlatformAuditTrail } from './resources/platform-audit.ts';
import { RetentionOfRuns } from './resources/retention.ts';
import { Runs } from './resources/runs.ts';
import { Schedules } from './resources/schedules.ts';
import { Secrets } from './resources/secrets.ts';
import { Server } from './resources/server.ts';
import { Tenants } from './resources/tenants.ts';
import { Threads } from './resources/threads.ts';
import { Tools } from './resources/tools.ts';
import { Usage } from './resources/usage.ts';
import { Versions } from './resources/versions.ts';
import { Webhooks } from './resources/webhooks.ts';

export interface HoldfastOptions {
  /** Where the API is, such as `http://127.0.0.1:7070`. */
  readonly url: string;
  /**
   * An API key or an access token, or a function that gives one, asked before each attempt of each request: for tokens,
   * which end. In a browser, one that may do no more than whoever sits there.
   */
  readonly key: Key;
  /** The tenant, by name or id; for tokens of people who are in several. */
  readonly tenant?: string;
  /** Instead of the built-in one. */
  readonly fetch?: typeof fetch;
  /**
   * Checks each answer against its schema, and throws `unexpected_answer` when it does not fit. For development and
   * tests: in production a newer server may say what this release does not know.
   */
  readonly validate?: boolean;
  /** ms for one attempt of one request; 120 s when left out. Streams of events have none. */
  readonly timeoutMs?: number;
  readonly retries?: Partial<RetryPolicy>;
}

/**
 * The API of one server, as one key sees it. Every method throws `HoldfastError` (refused; see its `code`) or
 * `ConnectionFailed`. Creates bear an Idempotency-Key of their own, so that trying again does nothing twice.
 */
export class Holdfast {
  readonly agents: Agents;
  readonly versions: Versions;
  readonly aliases: Aliases;
  readonly threads: Threads;
  readonly runs: Runs;
  readonly schedules: Schedules;
  readonly attention: Attention;
  readonly artifacts: Artifacts;
  readonly uploads: Uploads;
  readonly tools: Tools;
  readonly models: Models;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly members: Members;
  readonly webhooks: Webhooks;
  readonly budgets: Budgets;
  readonly usage: Usage;
  readonly audit: AuditTrail;
  readonly retention: RetentionOfRuns;
  readonly tenants: Tenants;
  readonly platformAudit: PlatformAuditTrail;
  readonly server: Server;

  constructor(options: HoldfastOptions) {
    const { url, key, tenant = null, fetch: given, validate = false, timeoutMs = 120_000, retries = {} } = options;
    const transport = new Transport({
      url: url.replace(/\/+$/, ''),
      key,
      tenant,
      // A browser refuses its own `fetch` as a method of something else.
      fetch: given ?? ((input, init) => fetch(input, init)),
      validate,
      timeoutMs,
      retries: { ...standardRetries, ...retries },
    });
    this.agents = new Agents(transport);
    this.versions = new Versions(transport);
    this.aliases = new Aliases(transport);
    this.threads = new Threads(transport);
    this.runs = new Runs(transport);
    this.schedules = new Schedules(transport);
    this.attention = new Attention(transport);
    this.artifacts = new Artifacts(transport);
    this.uploads = new Uploads(transport);
    this.tools = new Tools(transport);
    this.models = new Models(transport);
    this.secrets = new Secrets(transport);
    this.keys = new Keys(transport);
    this.members = new Members(transport);
    this.webhooks = new Webhooks(transport);
    this.budgets = new Budgets(transport);
    this.usage = new Usage(transport);
    this.audit = new AuditTrail(transport);
    this.retention = new RetentionOfRuns(transport);
    this.tenants = new Tenants(transport);
    this.platformAudit = new PlatformAuditTrail(transport);
    this.server = new Server(transport);
  }
}
