-- Files that are on their way into a run. Their bytes lie in the store of the artifacts, under the id of the upload in
-- place of a run's; once a day whoever removes strays removes those that no row names any more.
create table holdfast.uploads (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  name text not null,
  media_type text not null,
  -- bytes
  size bigint not null,
  digest text not null,
  created_at bigint not null default holdfast.now_ms(),
  expires_at bigint not null,
  -- null: its bytes were not seen to be there, with size and digest
  completed_at bigint,
  primary key (tenant_id, id)
);
create index uploads_expired on holdfast.uploads (expires_at);

alter table holdfast.uploads enable row level security;
alter table holdfast.uploads force row level security;
create policy tenant on holdfast.uploads to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.uploads to holdfast_engine using (true) with check (true);

grant select, insert, update on holdfast.uploads to holdfast_api;
grant select, delete on holdfast.uploads to holdfast_engine;
