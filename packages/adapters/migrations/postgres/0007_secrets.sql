-- Values are sealed by the API before they come here; a deleted name keeps its row, so that versions never come again.
create table holdfast.secrets (
  tenant_id uuid not null references holdfast.tenants,
  name text not null,
  -- 0: made by the insert that is about to set the first value
  version integer not null default 0,
  -- base64; null = deleted
  ciphertext text,
  nonce text,
  -- of the key that sealed it
  key_id text,
  created_at bigint not null default holdfast.now_ms(),
  updated_at bigint not null default holdfast.now_ms(),
  primary key (tenant_id, name)
);

alter table holdfast.secrets enable row level security;
alter table holdfast.secrets force row level security;
create policy tenant on holdfast.secrets to holdfast_api, holdfast_worker, holdfast_owner
  using (tenant_id = (select nullif(current_setting('hf.tenant', true), '')::uuid));

grant select, insert, update on holdfast.secrets to holdfast_api;
grant select on holdfast.secrets to holdfast_worker;
