-- How long a tenant keeps its audit lines, in days; null = as long as the platform says.
alter table holdfast.tenants add column audit_days integer check (audit_days >= 30);

-- Lines up to `number` were removed because of their age; the chain goes on from `hash`. A line of the chain says the same.
create table holdfast.audit_checkpoints (
  tenant_id uuid primary key references holdfast.tenants,
  number bigint not null,
  hash text not null,
  -- lines that the last step removed
  count bigint not null,
  at bigint not null
) with (fillfactor = 50);

alter table holdfast.audit_checkpoints enable row level security;
alter table holdfast.audit_checkpoints force row level security;
create policy tenant on holdfast.audit_checkpoints to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.audit_checkpoints to holdfast_engine using (true) with check (true);

grant select on holdfast.audit_checkpoints to holdfast_api;
grant select, insert, update on holdfast.audit_checkpoints to holdfast_engine;
grant select, delete on holdfast.audit to holdfast_engine;
