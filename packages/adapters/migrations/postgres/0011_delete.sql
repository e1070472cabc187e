-- What deleted runs had used, by the hour in which they were created: `GET /v1/usage` still adds up.
create table holdfast.usage_of_deleted (
  tenant_id uuid not null references holdfast.tenants,
  -- its first millisecond
  hour bigint not null,
  agent text not null,
  -- empty: runs that were created in that hour; else calls of that model that ended in it
  model text not null,
  starter text not null,
  runs bigint not null,
  calls bigint not null,
  tokens bigint not null,
  cost_usd_micros bigint not null,
  primary key (tenant_id, hour, agent, model, starter)
) with (fillfactor = 70);

alter table holdfast.usage_of_deleted enable row level security;
alter table holdfast.usage_of_deleted force row level security;
create policy tenant on holdfast.usage_of_deleted to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.usage_of_deleted to holdfast_engine using (true) with check (true);
grant select on holdfast.usage_of_deleted to holdfast_api;
grant select, insert, update on holdfast.usage_of_deleted to holdfast_engine;

-- The run or thread that a kept reply tells of: it goes with it.
alter table holdfast.idempotency_keys add column about uuid;
create index idempotency_keys_about on holdfast.idempotency_keys (about) where about is not null;

-- For retention. `ended_at` is set once, so steps stay HOT. Runs below others go with the one at the top.
create index runs_ended on holdfast.runs (tenant_id, ended_at, id) where ended_at is not null and parent_id is null;

grant delete on holdfast.runs, holdfast.run_events, holdfast.snapshots, holdfast.threads to holdfast_engine;
