-- Who did what. Lines of a tenant form a chain: each hash covers the line and the hash before it.
create table holdfast.audit (
  tenant_id uuid not null references holdfast.tenants,
  -- from 1 without gaps
  number bigint not null,
  at bigint not null,
  operation text not null,
  -- id of who did it
  actor text not null,
  -- path of what was changed or read
  target text not null,
  -- JSON text: all the rest
  line text not null,
  -- SHA-256, hex
  hash text not null,
  primary key (tenant_id, number)
);
create index audit_of_operation on holdfast.audit (tenant_id, operation, number);
create index audit_of_actor on holdfast.audit (tenant_id, actor, number);
create index audit_at on holdfast.audit (tenant_id, at, number);

-- The newest line of each tenant; its lock orders those who write.
create table holdfast.audit_heads (
  tenant_id uuid primary key references holdfast.tenants,
  number bigint not null default 0,
  hash text not null default ''
) with (fillfactor = 50);

do $$
declare
  name text;
begin
  foreach name in array array['audit', 'audit_heads'] loop
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

grant select on holdfast.audit, holdfast.audit_heads to holdfast_api;
grant insert on holdfast.audit to holdfast_engine;
grant select, insert, update on holdfast.audit_heads to holdfast_engine;
