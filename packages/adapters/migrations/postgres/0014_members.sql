-- People and services in a tenant, whom an OIDC issuer vouches for.
create table holdfast.members (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  kind text not null check (kind in ('person', 'service')),
  issuer text not null,
  subject text not null,
  name text,
  email text,
  -- JSON text, a list: given here, beside those that tokens bring
  roles text not null default '[]',
  disabled_at bigint,
  created_at bigint not null default holdfast.now_ms(),
  -- to the minute
  last_seen_at bigint not null,
  primary key (tenant_id, id),
  unique (tenant_id, issuer, subject)
);

alter table holdfast.members enable row level security;
alter table holdfast.members force row level security;
create policy tenant on holdfast.members to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy engine on holdfast.members to holdfast_engine using (true) with check (true);

grant select on holdfast.members to holdfast_api;
grant update (roles, disabled_at) on holdfast.members to holdfast_api;
grant select, insert, update on holdfast.members to holdfast_engine;
grant insert on holdfast.tenants to holdfast_engine;

-- Whose audit chain tells of what happened above all tenants, such as tokens that were refused. It has no other rows, and
-- no token can mean it.
insert into holdfast.tenants (id, name, slots) values ('00000000-0000-0000-0000-000000000000', '/platform', 0);
