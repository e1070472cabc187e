-- What a tenant, or its runs of one agent, may use in a window. Money in micro-dollars.
create table holdfast.budgets (
  tenant_id uuid not null references holdfast.tenants,
  id uuid primary key,
  -- what people call it
  name text not null,
  -- null: all runs of the tenant
  agent text,
  period text not null check (period in ('hour', 'day', 'month', 'total')),
  time_zone text not null,
  -- null: not limited
  tokens bigint check (tokens > 0),
  cost_usd_micros bigint check (cost_usd_micros > 0),
  -- percent of a limit; null: no notice
  notice_at smallint check (notice_at between 1 and 100),
  -- counts from 1
  version integer not null default 1,
  created_at bigint not null default holdfast.now_ms(),
  updated_at bigint not null default holdfast.now_ms(),
  unique (tenant_id, name),
  check (tokens is not null or cost_usd_micros is not null)
);

-- What was used of a budget. `held`: by runs, as allowances.
create table holdfast.budget_windows (
  budget_id uuid not null references holdfast.budgets on delete cascade,
  starts_at bigint not null,
  tenant_id uuid not null,
  ends_at bigint,
  held_tokens bigint not null default 0,
  held_cost bigint not null default 0,
  spent_tokens bigint not null default 0,
  spent_cost bigint not null default 0,
  -- the notice of this window was given
  noticed boolean not null default false,
  primary key (budget_id, starts_at)
) with (fillfactor = 50);

-- Runs whose next call has no room.
create table holdfast.budget_waits (
  budget_id uuid not null references holdfast.budgets on delete cascade,
  run_id uuid not null,
  tenant_id uuid not null,
  tokens bigint not null,
  cost bigint not null,
  since bigint not null default holdfast.now_ms(),
  primary key (budget_id, run_id)
);
create index budget_waits_of_run on holdfast.budget_waits (run_id);

do $$
declare
  name text;
begin
  foreach name in array array['budgets', 'budget_windows', 'budget_waits'] loop
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
grant select on holdfast.budgets, holdfast.budget_windows to holdfast_api, holdfast_worker;
grant select, insert, update, delete on holdfast.budgets, holdfast.budget_windows, holdfast.budget_waits
  to holdfast_engine;

-- What calls of a model cost, version after version; rows are never changed. Of the installation, not of a tenant.
create table holdfast.model_prices (
  model text not null,
  -- counts from 1
  version integer not null check (version > 0),
  -- micro-dollars per million tokens
  input_per_mtok bigint not null check (input_per_mtok >= 0),
  output_per_mtok bigint not null check (output_per_mtok >= 0),
  -- calls that begin from then on
  valid_from bigint not null,
  primary key (model, version)
);
grant select on holdfast.model_prices to holdfast_api, holdfast_worker;
grant select, insert on holdfast.model_prices to holdfast_engine;

-- The window of that moment. An hour has 60 minutes, whatever the clocks do; days and months end when they end there.
create function holdfast.window_of(p_period text, p_time_zone text, p_at bigint)
  returns table (starts_at bigint, ends_at bigint)
  language plpgsql stable set search_path = ''
as $$
declare
  v_at constant timestamptz := pg_catalog.to_timestamp(p_at / 1000.0);
  v_start timestamptz;
  v_end timestamptz;
begin
  if p_period = 'total' then
    return query select 0::bigint, null::bigint;
    return;
  end if;
  v_start := pg_catalog.date_trunc(p_period, v_at, p_time_zone);
  v_end := case p_period
    when 'hour' then v_start + interval '1 hour'
    else pg_catalog.timezone(
      p_time_zone, pg_catalog.timezone(p_time_zone, v_start) + ('1 ' || p_period)::interval)
  end;
  return query select (extract(epoch from v_start) * 1000)::bigint, (extract(epoch from v_end) * 1000)::bigint;
end
$$;
revoke all on function holdfast.window_of(text, text, bigint) from public;
grant execute on function holdfast.window_of(text, text, bigint) to holdfast_engine, holdfast_api, holdfast_worker;
