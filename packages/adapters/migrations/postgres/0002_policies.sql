-- Rows of other tenants do not exist: `hf.tenant` is set with BEGIN and gone with COMMIT.
-- A setting that was reset is an empty string, hence nullif.
do $$
declare
  name text;
begin
  foreach name in array array[
    'api_keys', 'agents', 'versions', 'aliases', 'runs', 'run_events', 'snapshots', 'due', 'attention', 'artifacts',
    'idempotency_keys', 'threads', 'run_tags', 'tool_servers'
  ] loop
    execute pg_catalog.format('alter table holdfast.%I enable row level security', name);
    execute pg_catalog.format('alter table holdfast.%I force row level security', name);
    execute pg_catalog.format(
      'create policy tenant on holdfast.%I to holdfast_api, holdfast_worker, holdfast_owner '
      'using (tenant_id = (select nullif(current_setting(''hf.tenant'', true), '''')::uuid))', name);
  end loop;

  -- What the functions of the engine touch, and no more.
  foreach name in array array[
    'runs', 'run_events', 'snapshots', 'due', 'attention', 'artifacts', 'idempotency_keys', 'tenants', 'threads',
    'run_tags'
  ] loop
    execute pg_catalog.format(
      'create policy engine on holdfast.%I to holdfast_engine using (true) with check (true)', name);
  end loop;
end
$$;

alter table holdfast.tenants enable row level security;
alter table holdfast.tenants force row level security;
create policy tenant on holdfast.tenants to holdfast_api, holdfast_worker
  using (id = (select nullif(current_setting('hf.tenant', true), '')::uuid));
create policy owner on holdfast.tenants to holdfast_owner using (true) with check (true);

revoke all on all functions in schema holdfast from public;
grant usage on schema holdfast to holdfast_engine, holdfast_api, holdfast_worker;
grant execute on function holdfast.now_ms() to holdfast_engine, holdfast_api, holdfast_worker;
-- Whoever revokes from all functions must have something on each.
grant execute on function holdfast.index_tags(), holdfast.raise_format() to holdfast_engine;
grant select on holdfast.installation to holdfast_api, holdfast_worker;
grant select, update on holdfast.installation to holdfast_engine;

grant select, insert, update on holdfast.runs, holdfast.snapshots, holdfast.threads to holdfast_engine;
grant select, insert on holdfast.run_events to holdfast_engine;
grant select, insert, update, delete on holdfast.due, holdfast.attention, holdfast.artifacts, holdfast.workers
  to holdfast_engine;
grant select, delete on holdfast.idempotency_keys to holdfast_engine;
grant select, insert, delete on holdfast.run_tags to holdfast_engine;
grant select, update on holdfast.tenants, holdfast.turn to holdfast_engine;
grant select, insert on holdfast.server_life to holdfast_engine;

grant select on holdfast.tenants, holdfast.api_keys, holdfast.agents, holdfast.versions, holdfast.aliases, holdfast.runs,
  holdfast.run_tags, holdfast.run_events, holdfast.snapshots, holdfast.attention, holdfast.artifacts, holdfast.idempotency_keys
  to holdfast_api;
grant insert, update on holdfast.agents, holdfast.idempotency_keys to holdfast_api;
grant insert, delete on holdfast.aliases to holdfast_api;
grant select, insert on holdfast.threads to holdfast_api;
grant insert on holdfast.versions to holdfast_api;
grant insert on holdfast.api_keys to holdfast_api;
grant update (secret_hash, previous_hash, previous_until, expires_at, revoked_at, last_used_at)
  on holdfast.api_keys to holdfast_api;

grant select on holdfast.agents, holdfast.aliases, holdfast.versions, holdfast.runs, holdfast.threads, holdfast.run_events,
  holdfast.snapshots, holdfast.artifacts
  to holdfast_worker;

grant select, insert, update, delete on holdfast.tool_servers to holdfast_api;
grant select on holdfast.tool_servers to holdfast_worker;
