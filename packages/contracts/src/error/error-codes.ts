/** What one stable code means. `status` is the HTTP status; `description` says what happened and what to do. */
export interface ErrorMeaning {
  readonly status: number;
  readonly title: string;
  readonly description: string;
}

const meaning = (status: number, title: string, description: string): ErrorMeaning => ({ status, title, description });

/**
 * Every code an answer of the API may bear. Codes are never renamed or used for something else; titles and
 * descriptions may be put better. The reference page is made from this table.
 */
export const errorCodes = {
  // the request itself
  invalid_request: meaning(
    400,
    'Invalid request',
    'The path, the query or a header does not fit. `errors` names each place.',
  ),
  invalid_json: meaning(400, 'Invalid JSON', 'The body is not JSON (or YAML, where YAML is taken).'),
  validation_failed: meaning(
    422,
    'Validation failed',
    'The body does not fit its schema. `errors` names each place and what would be right.',
  ),
  unauthenticated: meaning(
    401,
    'Not authenticated',
    'There is no API key or access token, or it is not good. Send `Authorization: Bearer <key or token>`.',
  ),
  key_expired: meaning(401, 'Key expired', 'The API key has expired or was revoked. Make a new one.'),
  forbidden: meaning(
    403,
    'Forbidden',
    'The key is good, but its roles do not allow this. `detail` names the role it takes.',
  ),
  tenant_suspended: meaning(
    403,
    'Tenant suspended',
    'The tenant is suspended: nobody is let in and nothing begins. Runs, schedules and webhooks go on once it is resumed.',
  ),
  tenant_required: meaning(
    400,
    'Which tenant',
    'The token names several tenants. Name one in the header `Holdfast-Tenant`, or begin the path with `/t/<tenant>`. `tenants` lists them.',
  ),
  tenant_forbidden: meaning(
    403,
    'Not your tenant',
    'The token or the key does not let into that tenant, or names none that is here. `tenants` lists those it names.',
  ),
  member_disabled: meaning(
    403,
    'Member disabled',
    'The token is good, but an admin of the tenant has disabled this member.',
  ),
  issuer_unavailable: meaning(
    503,
    'Issuer unavailable',
    'The OIDC issuer does not answer: nobody can log in, and whether a token is good cannot be said. No login is lost. Try again after `Retry-After`.',
  ),
  route_not_found: meaning(404, 'No such route', 'No operation has this method and path. See the API reference.'),
  method_not_allowed: meaning(
    405,
    'Method not allowed',
    'The path exists, but not with this method. `Allow` lists those it has.',
  ),
  payload_too_large: meaning(413, 'Payload too large', 'The body is larger than this operation takes.'),
  unsupported_media_type: meaning(
    415,
    'Unsupported media type',
    'Send `Content-Type: application/json`, or what the operation names.',
  ),
  idempotency_mismatch: meaning(
    409,
    'Idempotency key used before',
    'The same `Idempotency-Key` came with another body within 24 hours. Use a new key for a new request.',
  ),
  idempotency_in_flight: meaning(
    409,
    'Idempotency key in flight',
    'The first request with this `Idempotency-Key` is still under way. Try again after `Retry-After`.',
  ),

  rate_limited: meaning(
    429,
    'Too many requests',
    'More requests came than the limit that `RateLimit` names lets through. Nothing was done. Try again after `Retry-After` seconds.',
  ),
  rate_limiter_unavailable: meaning(
    503,
    'Requests cannot be counted',
    'What counts requests does not answer, and this operation is not done uncounted. Nothing was done; try again after `Retry-After`.',
  ),
  quota_exceeded: meaning(
    409,
    'Quota is used up',
    'The tenant has as many of these as it may have. `detail` says how many; `quota`, `limit` and `used` say it to programs.',
  ),
  etag_mismatch: meaning(
    412,
    'Changed in between',
    'What is there is not the version that `If-Match` names. Read it again, then decide.',
  ),

  // runs
  run_not_found: meaning(404, 'No such run', 'There is no run with this id in this tenant.'),
  run_ended: meaning(
    409,
    'Run has ended',
    'The run has succeeded, failed or was cancelled; nothing more can be said to it.',
  ),
  run_stopping: meaning(
    409,
    'Run is stopping',
    'The run is being cancelled or has passed its deadline; it takes nothing new.',
  ),
  run_not_paused: meaning(409, 'Run is not paused', 'Only a paused run can be resumed.'),
  run_already_paused: meaning(409, 'Run is already paused', 'The run is paused; there is nothing to do.'),
  run_busy: meaning(
    503,
    'Run is busy',
    'The run was changing so fast that the command could not be written between. Nothing was done; try again after `Retry-After`.',
  ),
  run_live: meaning(
    409,
    'Run is live',
    'Only a run that is paused or has ended can be forked, and only one that has ended can be deleted. `detail` names its status. Pause or cancel it, and wait until its calls under way have ended.',
  ),
  parent_live: meaning(
    409,
    'Parent is live',
    'The run that has started this one has not ended, and may still read its result. `detail` names it. Delete that one once it has ended: those below it go with it.',
  ),
  thread_not_found: meaning(404, 'No such thread', 'There is no thread with this id in this tenant.'),
  thread_busy: meaning(
    409,
    'Thread is busy',
    'A run is active in the thread: with `on_busy: reject` no other is started, and the thread cannot be deleted. Wait for its end, cancel it, or queue behind it.',
  ),
  bulk_not_found: meaning(404, 'No such bulk operation', 'There is no bulk operation with this id in this tenant.'),
  bulk_ended: meaning(
    409,
    'Bulk operation has ended',
    'The bulk operation is done or was cancelled before; what it did to runs stays done.',
  ),
  limit_not_lower: meaning(422, 'Limit not lower', 'A run may only tighten the limits of its agent version.'),

  // schedules
  schedule_not_found: meaning(404, 'No such schedule', 'There is no schedule with this id or name in this tenant.'),
  schedule_exists: meaning(409, 'Schedule exists', 'There is a schedule with this name in this tenant.'),
  schedule_busy: meaning(
    409,
    'Schedule is busy',
    'The last run of the schedule has not ended, and its overlap policy starts no other one meanwhile. `active_run` names it.',
  ),

  // budgets
  budget_not_found: meaning(404, 'No such budget', 'There is no budget with this name in this tenant.'),
  budget_fixed: meaning(
    409,
    'Budget is for something else',
    'There is a budget of this name for another agent, period or time zone, and these stay. Take another name, or delete it first.',
  ),

  // what needs a person
  attention_not_found: meaning(404, 'No such attention', 'The run has nothing of this name that waits for a person.'),
  approval_not_open: meaning(409, 'Approval is settled', 'The approval was decided, has expired or was withdrawn.'),
  approval_hash_mismatch: meaning(
    409,
    'Approval is for other arguments',
    'The decision names another hash than the open question. Read the call again and decide on what it says now.',
  ),
  approval_four_eyes: meaning(
    403,
    'Somebody else must approve',
    'The rule asks for four eyes: whoever started the run at the top, or wrote the arguments, may not approve the call.',
  ),
  approval_already_given: meaning(
    409,
    'Agreed already',
    'The same person has approved this call before; another one must agree.',
  ),
  approval_role_required: meaning(
    403,
    'Approval needs another role',
    'The rule asks for a role that the key does not have. `detail` names it.',
  ),
  arguments_invalid: meaning(
    422,
    'Arguments cannot be used',
    'The changed arguments do not fit the schema of the tool, or nothing was changed. `detail` says where.',
  ),
  question_not_open: meaning(
    409,
    'Question is settled',
    'The question was answered already, or the run no longer waits for it.',
  ),
  answer_invalid: meaning(
    422,
    'Answer does not fit',
    'The answer does not fit the schema of the question. `detail` says where.',
  ),
  effect_not_unknown: meaning(
    409,
    'Effect is not unknown',
    'What became of the call is known, so there is nothing to resolve.',
  ),
  retry_too_early: meaning(
    409,
    'Too early to retry',
    'The lost call may still be under way. `detail` says from when it can be made again.',
  ),
  call_not_open: meaning(409, 'Call is not open', 'The call does not wait for a decision.'),
  duplicate_not_open: meaning(409, 'Duplicate is settled', 'It was decided already what becomes of the call.'),
  nothing_to_reuse: meaning(
    409,
    'No result to reuse',
    'The source of the fork has begun the call, but nobody knows its result. Call it, or skip it.',
  ),
  limit_not_higher: meaning(
    422,
    'Limit not higher',
    'The new limit must lie above what is spent or reserved and above the old limit. `detail` has both.',
  ),

  // agents
  agent_not_found: meaning(404, 'No such agent', 'There is no agent of this name in this tenant.'),
  version_not_found: meaning(404, 'No such version', 'The agent has no version with this number.'),
  alias_not_found: meaning(404, 'No such alias', 'The agent has no alias of this name.'),
  agent_feature_unavailable: meaning(
    422,
    'Not available yet',
    'The agent uses something that this release does not have. `errors` names each place.',
  ),
  condition_invalid: meaning(
    422,
    'Condition cannot be used',
    'An approval condition is no CEL expression over `args`. `detail` says where it breaks.',
  ),
  approvers_too_few: meaning(
    422,
    'Too few approvers',
    'An approval asks for more people than it names, so that it could never be given.',
  ),
  role_invalid: meaning(422, 'Role cannot decide', 'The role that an approval asks for may not decide approvals.'),
  limit_too_low: meaning(422, 'Limit too low', 'A limit leaves no room for a single call.'),
  model_unknown: meaning(
    422,
    'No such model',
    'This installation has no model of this name. `detail` lists those it has.',
  ),
  context_too_large: meaning(
    422,
    'Context too large',
    'The prompt and the answer that the agent allows are together more than a model of it holds. Lower `context.max_tokens` or `model.max_output_tokens`.',
  ),
  model_without_tools: meaning(422, 'Model without tools', 'The agent has tools, and a model of it cannot call any.'),
  price_unknown: meaning(422, 'Model has no price', 'A money limit needs a model with a price.'),
  tool_unknown: meaning(422, 'No such tool', 'The tool server does not offer a tool that the agent names.'),
  tool_invalid: meaning(
    422,
    'Tool cannot be used',
    'A tool cannot be published as it is: its name or its schema does not work for a model.',
  ),
  tool_server_unknown: meaning(
    422,
    'No such tool server',
    'No tool server of this name is registered. See `PUT /v1/tools/{name}` and TOOL_SERVERS_FILE.',
  ),
  tool_server_unavailable: meaning(
    503,
    'Tool server unavailable',
    'The tool server did not start or did not answer. Nothing was published or registered; try again, or add `?offline=true`.',
  ),
  tool_server_not_found: meaning(
    404,
    'No such tool server',
    'There is no tool server of this name, or it is the platform’s and stands in its file.',
  ),
  tool_server_reserved: meaning(
    409,
    'Name is the platform’s',
    'A tool server of the platform has this name. Take another one.',
  ),

  // secrets, keys, preconditions
  secret_not_found: meaning(404, 'No such secret', 'There is no secret of this name in this tenant.'),
  secret_unknown: meaning(
    422,
    'No such secret',
    'The body names a secret (`secret://<name>`) that does not exist. `errors` names each place; set the secret first.',
  ),
  secrets_unavailable: meaning(
    503,
    'Secrets unavailable',
    'A secret cannot be sealed or read: its key is missing, or its row is not what was sealed. `detail` says which. Whoever runs Holdfast restores the key file, or an admin sets the secret again.',
  ),
  key_not_found: meaning(404, 'No such key', 'There is no API key with this id in this tenant.'),
  key_ended: meaning(
    409,
    'Key has ended',
    'The key was revoked or has expired, so it cannot be rotated. Make a new one.',
  ),
  last_admin_key: meaning(
    409,
    'Last admin key',
    'It is the only key with the role admin that is good: without it nobody could make keys. Make another one first.',
  ),

  // webhooks
  webhook_not_found: meaning(404, 'No such webhook', 'There is no webhook with this id in this tenant.'),
  delivery_not_found: meaning(
    404,
    'No such delivery',
    'The webhook has no delivery with this id: it is older than 30 days, or its run was deleted. A test cannot be sent again.',
  ),
  webhook_url_refused: meaning(
    422,
    'URL is not called',
    'Webhooks go over HTTPS to the public internet, and to what OUTBOUND_ALLOW names. `detail` says what is in the way.',
  ),
  replay_too_large: meaning(
    422,
    'Too much to send again',
    'More than 10,000 runs have had events since then. Nothing is sent again.',
  ),

  // the rest
  upload_not_found: meaning(
    404,
    'No such upload',
    'There is no upload with this id in this tenant, or its 24 hours are over.',
  ),
  upload_incomplete: meaning(
    409,
    'Upload incomplete',
    'The bytes of the upload have not come, or were not completed. Send them, complete it, and go on.',
  ),
  upload_mismatch: meaning(
    422,
    'Not the bytes of the upload',
    'What came does not have the size and the digest that were told. Nothing of it is kept; send the right bytes.',
  ),
  artifact_not_found: meaning(404, 'No such artifact', 'The run has no file with this digest.'),
  tenant_exists: meaning(409, 'Tenant exists', 'There is a tenant with this name, or this external id, already.'),
  tenant_not_found: meaning(
    404,
    'No such tenant',
    'There is no tenant with this id. One that was erased is gone for good.',
  ),
  member_not_found: meaning(
    404,
    'No such member',
    'The tenant has no member with this id. Members come with their first token.',
  ),
  last_admin: meaning(
    409,
    'Last admin',
    'Nobody else could administer the tenant: no other member has the role here, and no admin key is good.',
  ),
  tenant_deleting: meaning(
    409,
    'Tenant to be deleted',
    'The tenant is to be deleted, so it cannot be resumed. Its deletion can be taken back until its grace has ended.',
  ),
  tenant_erasing: meaning(
    409,
    'Tenant being erased',
    'The grace of the deletion has ended and the erasure has begun: it cannot be taken back.',
  ),
  login_refused: meaning(
    400,
    'Login refused',
    'The issuer did not let the person in, or the browser came back too late.',
  ),
  login_not_configured: meaning(404, 'No login here', 'The server knows no OIDC issuer. There are only API keys.'),
  cross_site_request: meaning(
    403,
    'Cross-site request',
    'A change that bears the session cookie must come from a page of this server, with the header `x-holdfast-csrf`.',
  ),
  newer_release: meaning(
    503,
    'Written by a newer release',
    'The log of the run has events of a newer release, which the process that was asked cannot read. Nothing was done. While a release is rolled out, trying again after `Retry-After` reaches a newer process.',
  ),
  database_unavailable: meaning(
    503,
    'Database unavailable',
    'The database does not answer or takes no writes. A create may have been done: repeat it with the same `Idempotency-Key`.',
  ),
  artifacts_unavailable: meaning(
    503,
    'Artifacts unavailable',
    'The store of files and large contents does not answer. Nothing is lost; runs that need it wait. Try again after `Retry-After`.',
  ),
  artifacts_busy: meaning(
    503,
    'Artifacts busy',
    'As many files are on their way through this process of the API as it takes at once, in all or of one tenant. Nothing was done; try again after `Retry-After`.',
  ),
  database_busy: meaning(
    503,
    'Database busy',
    'The database took longer than DATABASE_STATEMENT_TIMEOUT_MS or DATABASE_LOCK_TIMEOUT_MS allows. What the statement did was taken back; try again after `Retry-After`, a create with the same `Idempotency-Key`.',
  ),
  internal: meaning(
    500,
    'Internal error',
    'A fault of Holdfast. The log has it under the `x-request-id` of this answer.',
  ),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

export type ErrorCode = keyof typeof errorCodes;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

/** What a failed run says in `run.failed`. */
export const runFailureCodes = {
  deadline_exceeded: 'The run did not end before its deadline (`limits.deadline`).',
  expired: 'No worker began the run within `expires_in`.',
  model_failed: 'The model refused for good: trying again would not have helped. `detail` has its words.',
  output_invalid: 'The final answer did not fit the output schema of the agent, even after the model was told why.',
  attempts_exhausted: 'A call failed at every attempt that the policy allows, and a person chose not to try again.',
} as const satisfies Readonly<Record<string, string>>;

export type RunFailureCode = keyof typeof runFailureCodes;

/** Why a process did not start, or stopped by itself; printed with the code, exit status 1. */
export const startupCodes = {
  env_invalid: 'An environment variable has a value that cannot be used. One line per key says what would be right.',
  tool_servers_file_invalid: 'TOOL_SERVERS_FILE cannot be read or does not fit. One line per problem names the key.',
  models_file_invalid: 'MODELS_FILE cannot be read or does not fit. One line per problem names the key.',
  redis_ca_invalid: 'The file that REDIS_TLS_CA_PATH names cannot be read, or holds no certificate in PEM.',
  node_too_old: 'This Node is older than 20.19.',
  folder_not_found: 'The folder that the librarian shall read does not exist, or is a file.',
  port_in_use: 'Another process listens on PORT or METRICS_PORT, or this user may not. Set another port.',
  secrets_key_file_invalid:
    'The key file that SECRETS_URL names cannot be read, made or understood. The message names it.',
  database_url_invalid: 'DATABASE_URL is no URL of a database: `pglite://…` or `postgres://…`.',
  database_unreachable: 'Nobody answers at DATABASE_URL, or the login is refused.',
  database_read_only: 'The database takes no writes: a standby, or read-only. Point DATABASE_URL at the primary.',
  database_too_old: 'The server is older than Postgres 15.',
  database_in_use:
    'Another process works on the same PGlite folder. Everything that uses the same data goes through that process.',
  database_corrupt:
    'The PGlite database in DATA_DIR cannot be opened. Restore a backup, or move the folder away to begin anew.',
  database_role_missing: 'The login may not act as the role of this process. The message names both.',
  database_not_migrated: 'The tables are missing, or of an older release. Run the migrations.',
  database_too_new: 'A later release has changed the tables so that this one cannot work with them.',
  database_behind_pooler: 'What needs a session of its own was begun through a pooler.',
  database_moved: 'The installation was exported, and goes on where it was imported. Here nothing changes any more.',
  database_not_empty: 'An import needs a database without rows. This one holds an installation already.',
  migration_changed: 'A migration that this database has had is another one now. Install the release that made it.',
} as const satisfies Readonly<Record<string, string>>;

export type StartupCode = keyof typeof startupCodes;
