-- Runs started by the clock. A row in the outbox (`due`, kind `schedule`) says when to look at the next tick.
create table holdfast.schedules (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  name text not null,
  -- JSON text: what people set
  spec text not null,
  -- JSON text: what the scheduler needs to know, and whether it is paused
  state text not null,
  -- counts the changes by people
  version integer not null,
  -- counts all changes
  step bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
) with (fillfactor = 50);

alter table holdfast.schedules enable row level security;
alter table holdfast.schedules force row level security;
create policy tenant on holdfast.schedules to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.schedules to holdfast_engine using (true) with check (true);
grant select on holdfast.schedules to holdfast_api, holdfast_worker;
grant select, insert, update, delete on holdfast.schedules to holdfast_engine;

-- The schedule that started it; the tick is null where it was asked for by hand.
alter table holdfast.runs add column schedule_id uuid, add column schedule_tick bigint;
create index runs_of_schedule on holdfast.runs (tenant_id, schedule_id, id desc) where schedule_id is not null;
-- A tick has one run, whatever else goes wrong.
create unique index runs_of_tick on holdfast.runs (tenant_id, schedule_id, schedule_tick) where schedule_tick is not null;
