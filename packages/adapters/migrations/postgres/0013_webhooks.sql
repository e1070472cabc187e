-- Who is told of events of runs. The secret that signs lies in `secrets`, under the name `webhook:<id>`.
create table holdfast.webhooks (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  url text not null,
  description text not null,
  -- JSON text, a list: types and groups as they were asked for
  events text not null,
  -- the types that follow from it
  types text[] not null,
  -- of this agent's runs only
  agent text,
  -- counts changes by people
  version integer not null default 1,
  -- asked, gone, failing; null = it is enabled
  disabled_because text,
  disabled_at bigint,
  -- attempts that failed since the last one that did not, and when the first of them did
  failures integer not null default 0,
  failing_since bigint,
  created_at bigint not null default holdfast.now_ms(),
  updated_at bigint not null default holdfast.now_ms(),
  primary key (tenant_id, id)
) with (fillfactor = 70);

-- How far a webhook is with a run: the log is the queue. Its id is the subject of a row in `due`, kind `webhook`, while
-- there is something to send. No foreign key: an append shall not fail because a webhook is being deleted.
create table holdfast.webhook_cursors (
  -- made from webhook and run
  id uuid primary key,
  tenant_id uuid not null,
  webhook_id uuid not null,
  run_id uuid not null,
  -- the first event that was not looked at yet, and the last one that is wanted
  next_seq integer not null,
  last_seq integer not null,
  -- when that one was appended
  last_at bigint not null,
  -- of the event that is next
  attempts integer not null default 0,
  first_failed_at bigint,
  -- an attempt that began before the last rewind moves nothing
  rewinds integer not null default 0
) with (fillfactor = 70);
create index webhook_cursors_of_webhook on holdfast.webhook_cursors (webhook_id, id);
create index webhook_cursors_of_run on holdfast.webhook_cursors (run_id);

-- One row for each attempt, for people; kept for 30 days.
create table holdfast.webhook_deliveries (
  tenant_id uuid not null,
  webhook_id uuid not null,
  -- UUIDv7
  id uuid not null,
  -- null: a test
  run_id uuid,
  seq integer,
  type text not null,
  -- the header `webhook-id`
  message text not null,
  -- event, replay, test
  trigger text not null,
  -- delivered, failed, given-up
  state text not null,
  -- counts from 1
  attempt integer not null,
  at bigint not null,
  ms integer not null,
  -- HTTP status; null = there was no answer
  status integer,
  error text,
  -- the beginning of what was answered
  response text,
  -- when it is tried again
  retry_at bigint,
  primary key (tenant_id, webhook_id, id)
);
create index webhook_deliveries_of_run on holdfast.webhook_deliveries (run_id) where run_id is not null;
create index webhook_deliveries_oldest on holdfast.webhook_deliveries (at);

do $$
declare
  name text;
begin
  foreach name in array array['webhooks', 'webhook_cursors', 'webhook_deliveries'] loop
    execute pg_catalog.format('alter table holdfast.%I enable row level security', name);
    execute pg_catalog.format('alter table holdfast.%I force row level security', name);
    execute pg_catalog.format(
      'create policy tenant on holdfast.%I to holdfast_api, holdfast_worker, holdfast_owner '
      'using (tenant_id = (select nullif(current_setting(''hf.tenant'', true), '''')::uuid))', name);
    execute pg_catalog.format(
      'create policy engine on holdfast.%I to holdfast_engine using (true) with check (true)', name);
  end loop;
end
$$;

grant select, insert, update on holdfast.webhooks to holdfast_api;
grant select on holdfast.webhook_cursors, holdfast.webhook_deliveries to holdfast_api;
grant select on holdfast.webhooks, holdfast.webhook_cursors to holdfast_worker;
grant select, update, delete on holdfast.webhooks to holdfast_engine;
grant select, insert, update, delete on holdfast.webhook_cursors, holdfast.webhook_deliveries to holdfast_engine;
