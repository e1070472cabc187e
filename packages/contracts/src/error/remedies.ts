import type { ErrorCode, RunFailureCode, StartupCode } from './error-codes.ts';

/** What to do about each code, for whoever meets it at night. A code without a line here does not compile. */
export const remedies: Readonly<Record<ErrorCode | RunFailureCode | StartupCode, string>> = {
  // the request itself
  invalid_request: 'Put right what `errors` names. The API reference at `/reference` shows path, query and headers.',
  invalid_json:
    'Look for a missing quote or comma. A body in YAML needs `Content-Type: application/yaml`, where the operation takes it.',
  validation_failed: 'Put right each place that `errors` names; its `expected` says what fits.',
  unauthenticated:
    'Send `Authorization: Bearer <key>`. On the command line set HOLDFAST_API_KEY, or work in the folder where `npm start` has run.',
  key_expired:
    'Ask an admin for a new key: `holdfast keys create <name> --role <role>`, or `keys rotate` before it ends.',
  forbidden: 'Use a key with the role that `detail` names. `holdfast doctor` shows the roles of yours.',
  tenant_suspended:
    'Ask whoever runs the platform why; `holdfast tenants resume <tenant>` lets it go on. `holdfast tenants get <tenant>` says whether it is to be deleted.',
  tenant_required: 'Send `Holdfast-Tenant: <name>` with one of `tenants`.',
  tenant_forbidden:
    'Take one of `tenants`. When it should be among them, look at the claims of the token (the guide to identity says which are read), and whether the tenant has been made here.',
  member_disabled: 'Ask an admin of the tenant.',
  issuer_unavailable:
    'Look whether the issuer answers, and at OIDC_ISSUER and OIDC_INTERNAL_URL; the log says what failed.',
  route_not_found: 'Compare method and path with `/reference`. An older server lacks what a newer client asks for.',
  method_not_allowed: 'Use one of the methods in `Allow`.',
  payload_too_large: 'Send less. Large data belongs in a file that a tool reads, not in the input.',
  unsupported_media_type: 'Set `Content-Type` to what the operation takes, mostly `application/json`.',
  idempotency_mismatch:
    'Use a new key for a new request. If it should be the same request, send the same body; the first answer is kept for 24 hours.',
  idempotency_in_flight: 'Wait for `Retry-After`, then repeat it with the same key and body.',
  rate_limited: 'Wait as long as `Retry-After` says, and ask less often; the client of Holdfast does both.',
  rate_limiter_unavailable: 'Try again in a moment. Whoever runs Holdfast looks at the store that counts requests.',
  quota_exceeded:
    'Delete what is not needed, or ask whoever runs Holdfast for a larger quota: `QUOTAS`, or `holdfast limits set`.',
  etag_mismatch: 'Read it again, look at what has changed, and send the new `ETag` in `If-Match`.',

  // runs
  run_not_found:
    'Check the id with `holdfast runs list`, and that the key is of the tenant that has the run. It may have been deleted.',
  run_ended: 'Start a new run, or go on from an event of this one: `holdfast runs fork <run>`.',
  run_stopping: 'Wait for its end; then fork it, or start a new run.',
  run_not_paused: 'Nothing: it is not paused. `holdfast runs show <run>` says what it does.',
  run_already_paused: 'Nothing: it is paused. `holdfast resume <run>` lets it go on.',
  run_busy: 'Repeat the request after `Retry-After`. If it stays so, look at what speaks to the run so often.',
  run_live:
    'To fork: wait for its end, or `holdfast pause <run>`, and fork it once `holdfast runs show <run>` says paused. To delete: `holdfast cancel <run>`, and wait for its end.',
  thread_not_found: 'Check the id with `holdfast threads list`.',
  bulk_not_found: 'See `holdfast runs bulk list`.',
  bulk_ended: 'Nothing: it has ended. `holdfast runs bulk status <id>` says what became of it.',
  parent_live:
    'Wait for the end of the run above it, which `detail` names, or delete that one: those below go with it.',
  thread_busy:
    'To start: wait for the run that `active_run` names, or send `on_busy` `queue` or `interrupt`. To delete the thread: wait for its end, or `holdfast cancel <run>`.',
  limit_not_lower: 'Ask for less than the version has, or publish a version with a wider limit.',

  // budgets
  budget_not_found: 'Check the name with `holdfast budgets list`.',
  budget_fixed:
    'Take another name, or `holdfast budgets delete <name>` first: what was spent of it is then counted anew.',

  // schedules
  schedule_not_found: 'Check the name with `holdfast schedules list`.',
  schedule_exists: 'Change the one that is there (`holdfast schedules update <name>`), or take another name.',
  schedule_busy: 'Wait for the end of the run, or start one all the same: `holdfast schedules trigger <name> --force`.',

  // what needs a person
  attention_not_found:
    'Look at what is open: `holdfast attention --run <run>`. It may have been settled by somebody else.',
  approval_not_open: 'See in the log who decided what: `holdfast watch <run>`.',
  approval_hash_mismatch: 'Read the arguments again (`holdfast attention --run <run>`), and decide on those.',
  approval_role_required: 'Let somebody decide who has that role or is named.',
  approval_four_eyes: 'Let somebody approve who has not started the run or written the arguments; deny it you may.',
  approval_already_given: 'Wait for another person: `holdfast attention` shows who has agreed.',
  arguments_invalid: 'Put right what `detail` names; the schema is that of the tool (`holdfast tools show <server>`).',
  question_not_open: 'Nothing: the run has its answer, or was interrupted. The log has it.',
  answer_invalid: 'Answer with what the schema of the question asks for; `holdfast attention --json` shows it.',
  effect_not_unknown: 'Nothing: `holdfast runs effects <run>` says what became of the call.',
  retry_too_early: 'Wait until the time that `detail` names, or say `done` or `fail` if you know.',
  call_not_open: 'See `holdfast attention --run <run>` for what is open.',
  duplicate_not_open: 'See in the log who decided what: `holdfast watch <run>`.',
  nothing_to_reuse: 'Settle the call in the source run first, or decide `call` or `skip` here.',
  limit_not_higher:
    'Give a value above the limit and above what is spent (`detail` has both), in the unit of the limit.',

  // agents
  agent_not_found: 'Check the name with `holdfast agents list`, or publish it.',
  version_not_found: 'See `holdfast agents versions <agent>`.',
  alias_not_found: 'Set it: `holdfast agents alias <agent> <alias> <version>`.',
  agent_feature_unavailable: 'Remove what `errors` names from the file.',
  condition_invalid:
    'Put the expression right. It may use `args`, comparisons and CEL’s standard functions without `matches`.',
  approvers_too_few: 'Name more members or keys, add a role, or lower `count`.',
  role_invalid: 'Take `operator`, `builder` or `admin`.',
  limit_too_low: 'Raise the limit, or lower `model.max_output_tokens`.',
  model_unknown: 'Use a name that `holdfast models` lists, or add the model to MODELS_FILE and restart.',
  context_too_large: 'Lower `context.max_tokens` or `model.max_output_tokens`, or use a model with a larger context.',
  model_without_tools:
    'Use a model that can call tools, or remove the tools. `capabilities` in MODELS_FILE says what it can.',
  price_unknown: 'Add `prices` in MODELS_FILE for it and its fallbacks, or remove `cost_usd`.',
  tool_unknown: 'Compare with `holdfast tools show <server>`.',
  tool_invalid: 'Put name or schema right at the tool server; `detail` says what is wrong.',
  tool_server_unknown: 'Register it: `holdfast tools set <name> --url …`. Over stdio it stands in TOOL_SERVERS_FILE.',
  tool_server_unavailable:
    'Look whether it runs and where. A private address must be named in OUTBOUND_ALLOW. Or add `?offline=true` (`--offline`).',
  tool_server_not_found: 'See `holdfast tools list`. What is the platform’s is changed in TOOL_SERVERS_FILE.',
  tool_server_reserved: 'Take another name.',

  // secrets, keys, preconditions
  secret_not_found: 'See `holdfast secrets list`.',
  secret_unknown: 'Set it first: `holdfast secrets set <name>`.',
  secrets_unavailable:
    'Bring the key file back (SECRETS_URL; the same for API and workers) from its copy. If it is lost, set the secrets again.',
  key_not_found: 'See `holdfast keys list`.',
  key_ended: 'Make a new one: `holdfast keys create`.',
  last_admin_key: 'Make another admin key, and use that one to revoke this.',

  // webhooks
  webhook_not_found: 'Look at `holdfast webhooks list`, and whether the key is of the tenant that has it.',
  delivery_not_found:
    'Look at `holdfast webhooks deliveries <webhook>`. What is older can be sent again by run: `holdfast webhooks replay <webhook> --run <run>`.',
  webhook_url_refused:
    'Use an address with HTTPS that is reached from the internet. For a receiver in your own network, whoever runs Holdfast adds `host:port` to OUTBOUND_ALLOW.',
  replay_too_large: 'Give a later time, and send single runs again with `run`.',

  // the rest
  newer_release:
    'Finish the rollout: replace each API and worker of the release before. An older release cannot be put back once a newer one has written events in a newer format.',
  artifacts_unavailable: 'Look at the store: `holdfast doctor` says what is wrong with S3_ENDPOINT and the like.',
  artifacts_busy:
    'Repeat the request. If it stays so, set S3_PUBLIC_ENDPOINT, so that files go to the store itself, or start more APIs.',
  upload_not_found: 'Make a new one: `POST /v1/uploads`.',
  upload_incomplete: 'Send the bytes to `put` of the upload, then complete it.',
  upload_mismatch: 'Send the file whose SHA-256 was told, or make another upload for this one.',
  artifact_not_found: 'See `holdfast artifacts list <run>`.',
  tenant_exists: 'Take another name.',
  tenant_not_found:
    'Look for it with `holdfast tenants list`. `holdfast tenants audit` tells what was erased, and when.',
  member_not_found: 'Look for them with `holdfast members list`.',
  last_admin: 'Give the role `admin` to another member, or make an admin key, then repeat it.',
  tenant_deleting: 'Run `holdfast tenants keep <tenant>` first, then resume it.',
  tenant_erasing: 'Wait for the end of the erasure: `holdfast tenants audit` shows the line that proves it.',
  login_refused: 'Log in again, from `/auth/login`.',
  login_not_configured: 'Set OIDC_ISSUER, or use an API key.',
  cross_site_request: 'Send `x-holdfast-csrf: 1` with each change that bears the cookie, from a page of this server.',
  database_unavailable:
    'Look at the database and at `/readyz`. Runs go on when it is back. Repeat a create with the same `Idempotency-Key`.',
  database_busy:
    'Repeat the request. If it stays so, see in `pg_stat_activity` what holds the lock or takes the time, and whether autovacuum keeps up.',
  internal: 'Look in the log for the `x-request-id` of the answer, and report it with that line.',

  // failed runs
  deadline_exceeded:
    'Fork the run with a later version, or give the agent a longer `limits.deadline`. Waiting counts too.',
  expired: 'See whether workers run (`holdfast doctor`, `/readyz`) and how many runs are queued; start it again.',
  model_failed:
    'Read the words of the model’s server in `detail`, put the cause right, then `holdfast runs rerun <run>`.',
  output_invalid:
    'Look at `answer.rejected` in the log. Say in the instructions what the answer must be, loosen the schema, or use a model that enforces it; then rerun.',
  attempts_exhausted: 'Put right why the call failed (`tool.failed` or `model.failed` in the log), then rerun.',

  // failed starts
  env_invalid: 'Put each named key right; `docs/reference/environment.md` has them all.',
  tool_servers_file_invalid: 'Put the named keys right in TOOL_SERVERS_FILE.',
  models_file_invalid: 'Put the named keys right in MODELS_FILE; see `docs/guides/models.md`.',
  redis_ca_invalid: 'Name the PEM file of the authority that has issued the certificate of the server at REDIS_URL.',
  node_too_old: 'Install Node 20.19 or newer from nodejs.org.',
  folder_not_found: 'Give a folder that is there: `npm start -- path/to/folder`.',
  port_in_use: 'Stop the other process, perhaps an earlier start, or set another PORT: `PORT=7080 npm start`.',
  secrets_key_file_invalid: 'Bring the file back from its copy, with mode 0600 and readable by this user.',
  database_url_invalid:
    'Write `postgres://user:password@host:5432/database`, or leave it out for the embedded database.',
  database_unreachable: 'Look whether the server runs, and at host, port, user and password.',
  database_read_only: 'Point DATABASE_URL at the primary.',
  database_too_old: 'Use Postgres 15 or newer.',
  database_in_use: 'Use the process that is there, end it, or set another DATA_DIR for a second one.',
  database_corrupt: 'Restore a copy of DATA_DIR. To begin anew, move the folder away; do not delete it yet.',
  database_role_missing:
    'Run `holdfast migrate` as the owner (DATABASE_MIGRATE_URL), and grant the role that is named.',
  database_too_new:
    'Start the release that migrated the database, or a later one. Going back needs a backup from before.',
  database_behind_pooler: 'Set DATABASE_MIGRATE_URL or DATABASE_DIRECT_URL to a url that goes past the pooler.',
  database_not_migrated: 'Run `holdfast migrate`, or `holdfast init --tenant <name>` on a new database.',
  database_moved:
    'Set DATABASE_URL to the database that it was imported to. To go on here instead, throw the export away and run `holdfast export --take-back`.',
  database_not_empty: 'Name an empty database in DATABASE_URL; `holdfast import` makes its tables.',
  migration_changed: 'Install the release that made the tables, or a later one; never edit a migration.',
};
