-- The same thing to many runs. Its row in the outbox (`due`, kind `bulk`) says that there is more to do.
create table holdfast.bulk_operations (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  -- JSON text: what is done to each run, and to which runs
  work text not null,
  filter text not null,
  -- JSON text: in whose name
  asked_by text not null,
  -- runs that were created later are left alone
  created_at bigint not null,
  -- counting, working, done, cancelled
  phase text not null,
  -- the last run that this phase has looked at; ids fall
  reached uuid,
  counted integer not null default 0,
  done integer not null default 0,
  -- JSON text: how many, by the code of the refusal
  skipped text not null,
  failed integer not null default 0,
  -- JSON text: the first ones
  errors text not null,
  updated_at bigint not null,
  ended_at bigint,
  primary key (tenant_id, id)
) with (fillfactor = 50);
-- Those that are no longer kept.
create index bulk_operations_ended on holdfast.bulk_operations (ended_at) where ended_at is not null;

alter table holdfast.bulk_operations enable row level security;
alter table holdfast.bulk_operations force row level security;
create policy tenant on holdfast.bulk_operations to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.bulk_operations to holdfast_engine using (true) with check (true);

grant select on holdfast.bulk_operations to holdfast_api, holdfast_worker;
grant select, insert, update, delete on holdfast.bulk_operations to holdfast_engine;
-- Runs by tag, as lists of runs find them.
grant select on holdfast.run_tags to holdfast_worker;
