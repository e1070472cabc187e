-- The life of a tenant: it may be suspended, and deleted with a grace; then it is erased, which cannot be taken back.
alter table holdfast.tenants
  -- it is erased from then on; null = it stays
  add column delete_at bigint,
  -- the erasure has begun
  add column erasing_since bigint,
  -- JSON text: rows that are gone so far, by table; and the tables in which nothing is left
  add column erased text not null default '{"rows":{},"done":[]}';

-- What the platform's people did to tenants, and what the platform erased. A chain as each tenant has, for lines that
-- outlive the tenant.
create table holdfast.platform_audit (
  -- from 1 without gaps
  number bigint primary key,
  at bigint not null,
  operation text not null,
  -- JSON text: who, to which tenant, and about which request
  line text not null,
  -- SHA-256, hex
  hash text not null
);

create table holdfast.platform_audit_head (
  number bigint not null default 0,
  hash text not null default '',
  one boolean primary key default true check (one)
) with (fillfactor = 50);
insert into holdfast.platform_audit_head default values;

grant insert, delete on holdfast.tenants to holdfast_engine;
grant select, insert on holdfast.platform_audit to holdfast_engine;
grant select, update on holdfast.platform_audit_head to holdfast_engine;
grant select on holdfast.platform_audit, holdfast.platform_audit_head to holdfast_api;
