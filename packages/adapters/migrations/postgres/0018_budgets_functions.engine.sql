-- Wakes runs that wait for a budget, the longest waiting first, as many as there is room for.
create function holdfast.wake_for_budget(p_budget uuid) returns void
  language plpgsql set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
begin
  with room as (
    select b.tokens - coalesce(w.held_tokens + w.spent_tokens, 0) as tokens,
      b.cost_usd_micros - coalesce(w.held_cost + w.spent_cost, 0) as cost
    from holdfast.budgets b
    cross join lateral holdfast.window_of(b.period, b.time_zone, v_now) n
    left join holdfast.budget_windows w on w.budget_id = b.id and w.starts_at = n.starts_at
    where b.id = p_budget
  ), fits as (
    select s.run_id from (
      select w.run_id, pg_catalog.sum(w.tokens) over o as tokens, pg_catalog.sum(w.cost) over o as cost
      from holdfast.budget_waits w where w.budget_id = p_budget
      window o as (order by w.since, w.run_id)
    ) s
    where not exists (select from room) or exists (
      select from room r where (r.tokens is null or s.tokens <= r.tokens) and (r.cost is null or s.cost <= r.cost))
  )
  update holdfast.due d set at = v_now
  from fits f where d.kind = 'run' and d.subject = f.run_id and d.at > v_now;
end
$$;

-- What an append does to budgets. Locks them in one order: the tenant's, the agent's, then windows.
-- SQLSTATE HF001: they are not as they were when the append was made, and nothing is done.
create function holdfast.move_budgets(p_tenant uuid, p_run uuid, p_moves jsonb) returns void
  language plpgsql set search_path = ''
as $$
declare
  v_moved uuid[];
  v_returned uuid[];
  v_wait jsonb := nullif(p_moves -> 'waits', 'null'::jsonb);
  v_budget uuid;
begin
  select pg_catalog.array_agg(distinct x.budget) into v_moved
  from (
    select (m ->> 'budget')::uuid as budget
    from pg_catalog.jsonb_array_elements((p_moves -> 'returned') || (p_moves -> 'taken') || (p_moves -> 'noticed')) as m
    union all select (v_wait ->> 'budget')::uuid where v_wait is not null
  ) x;
  perform from holdfast.budgets b where b.id = any (v_moved) and b.tenant_id = p_tenant
  order by b.agent is not null, b.id for no key update;

  if (p_moves ->> 'goesOn')::boolean then
    delete from holdfast.budget_waits w where w.run_id = p_run;
  end if;

  -- A budget that was deleted meanwhile has no row any more.
  insert into holdfast.budget_windows (budget_id, starts_at, tenant_id, ends_at)
  select t.budget, t.starts_at, p_tenant, t.ends_at
  from pg_catalog.jsonb_to_recordset(p_moves -> 'taken') as t (budget uuid, starts_at bigint, ends_at bigint)
  join holdfast.budgets b on b.id = t.budget and b.tenant_id = p_tenant
  order by b.agent is not null, b.id
  on conflict (budget_id, starts_at) do nothing;

  update holdfast.budget_windows w
  set held_tokens = w.held_tokens - r.tokens, held_cost = w.held_cost - r.cost_usd_micros,
      spent_tokens = w.spent_tokens + r.spent_tokens, spent_cost = w.spent_cost + r.spent_cost_usd_micros
  from pg_catalog.jsonb_to_recordset(p_moves -> 'returned')
    as r (budget uuid, starts_at bigint, tokens bigint, cost_usd_micros bigint, spent_tokens bigint, spent_cost_usd_micros bigint)
  where w.budget_id = r.budget and w.starts_at = r.starts_at and w.tenant_id = p_tenant;

  if exists (
    select from pg_catalog.jsonb_to_recordset(p_moves -> 'taken') as t (budget uuid, starts_at bigint, tokens bigint, cost_usd_micros bigint)
    left join holdfast.budgets b on b.id = t.budget and b.tenant_id = p_tenant
    left join holdfast.budget_windows w on w.budget_id = b.id and w.starts_at = t.starts_at
    where b.id is null
      or w.held_tokens + w.spent_tokens + t.tokens > b.tokens
      or w.held_cost + w.spent_cost + t.cost_usd_micros > b.cost_usd_micros
  ) or exists (
    select from pg_catalog.jsonb_to_recordset(p_moves -> 'noticed') as n (budget uuid, starts_at bigint)
    join holdfast.budget_windows w on w.budget_id = n.budget and w.starts_at = n.starts_at
    where w.noticed
  ) then
    raise exception 'the budgets have moved' using errcode = 'HF001';
  end if;

  update holdfast.budget_windows w
  set held_tokens = w.held_tokens + t.tokens, held_cost = w.held_cost + t.cost_usd_micros
  from pg_catalog.jsonb_to_recordset(p_moves -> 'taken') as t (budget uuid, starts_at bigint, tokens bigint, cost_usd_micros bigint)
  where w.budget_id = t.budget and w.starts_at = t.starts_at and w.tenant_id = p_tenant;

  insert into holdfast.budget_windows (budget_id, starts_at, tenant_id, noticed)
  select n.budget, n.starts_at, p_tenant, true
  from pg_catalog.jsonb_to_recordset(p_moves -> 'noticed') as n (budget uuid, starts_at bigint)
  join holdfast.budgets b on b.id = n.budget and b.tenant_id = p_tenant
  on conflict (budget_id, starts_at) do update set noticed = true;

  if v_wait is not null then
    if not exists (
      select from holdfast.budgets b
      left join holdfast.budget_windows w on w.budget_id = b.id and w.starts_at = (v_wait ->> 'starts_at')::bigint
      where b.id = (v_wait ->> 'budget')::uuid and b.tenant_id = p_tenant
        and case
          when (v_wait ->> 'unpriced')::boolean then b.cost_usd_micros is not null
          when v_wait ->> 'limit' = 'tokens'
            then coalesce(w.held_tokens + w.spent_tokens, 0) + (v_wait ->> 'needed')::bigint > b.tokens
          else coalesce(w.held_cost + w.spent_cost, 0) + (v_wait ->> 'needed')::bigint > b.cost_usd_micros
        end
    ) then
      raise exception 'there is room in the budget' using errcode = 'HF001';
    end if;
    insert into holdfast.budget_waits (budget_id, run_id, tenant_id, tokens, cost)
    values ((v_wait ->> 'budget')::uuid, p_run, p_tenant,
      case when v_wait ->> 'limit' = 'tokens' then (v_wait ->> 'needed')::bigint else 0 end,
      case when v_wait ->> 'limit' = 'tokens' then 0 else (v_wait ->> 'needed')::bigint end)
    on conflict (budget_id, run_id) do update set tokens = excluded.tokens, cost = excluded.cost;
  end if;

  select pg_catalog.array_agg(distinct r.budget) into v_returned
  from pg_catalog.jsonb_to_recordset(p_moves -> 'returned') as r (budget uuid);
  foreach v_budget in array coalesce(v_returned, '{}') loop
    perform holdfast.wake_for_budget(v_budget);
  end loop;
end
$$;

-- One append that moves budgets, in a transaction of its own; all else goes past them.
create function holdfast.append_with_budgets(
  p_tenants uuid[], p_runs uuid[], p_ids uuid[], p_expected integer[],
  p_workers text[], p_takes text[], p_froms text[], p_releases boolean[],
  p_statuses text[], p_waiting text[], p_dues bigint[],
  p_items integer[], p_types text[], p_formats integer[], p_ats bigint[],
  p_calls text[], p_models text[], p_tokens integer[], p_costs bigint[], p_payloads text, p_extras jsonb, p_moves jsonb
) returns table (item integer, outcome text, head integer)
  language plpgsql security definer set search_path = ''
as $$
begin
  if pg_catalog.cardinality(p_runs) <> 1 then
    raise exception 'an append that moves budgets stands alone';
  end if;
  return query select a.item, a.outcome, a.head from holdfast.append(
    p_tenants, p_runs, p_ids, p_expected, p_workers, p_takes, p_froms, p_releases, p_statuses, p_waiting, p_dues,
    p_items, p_types, p_formats, p_ats, p_calls, p_models, p_tokens, p_costs, p_payloads, p_extras) a;
  if not found then
    perform holdfast.move_budgets(p_tenants[1], p_runs[1], p_moves);
  end if;
end
$$;

-- A new budget, in the tenant in whose scope the transaction is. Runs that somebody holds are told by its row in the outbox.
-- False when there is one of that name.
create function holdfast.create_budget(
  p_id uuid, p_name text, p_agent text, p_period text, p_time_zone text, p_tokens bigint, p_cost bigint,
  p_notice_at integer) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  if v_tenant is null then
    raise exception 'a budget needs a tenant' using errcode = '42501';
  end if;
  insert into holdfast.budgets (tenant_id, id, name, agent, period, time_zone, tokens, cost_usd_micros, notice_at)
  values (v_tenant, p_id, p_name, p_agent, p_period, p_time_zone, p_tokens, p_cost, p_notice_at)
  on conflict (tenant_id, name) do nothing;
  if not found then
    return false;
  end if;
  insert into holdfast.due (kind, subject, tenant_id, at) values ('budget', p_id, v_tenant, holdfast.now_ms());
  return true;
end
$$;

-- Other limits; runs that wait for it go on as there is room. False when it is not the version that was read.
create function holdfast.change_budget(p_id uuid, p_tokens bigint, p_cost bigint, p_notice_at integer, p_version integer)
  returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.budgets b
  set tokens = p_tokens, cost_usd_micros = p_cost, notice_at = p_notice_at, version = b.version + 1,
      updated_at = holdfast.now_ms()
  where b.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and b.id = p_id
    and b.version = p_version;
  if not found then
    return false;
  end if;
  -- Of other limits a notice is due again.
  update holdfast.budget_windows w set noticed = false where w.budget_id = p_id and w.noticed;
  perform holdfast.wake_for_budget(p_id);
  return true;
end
$$;

-- Its windows go with it, and whoever waits for it goes on.
create function holdfast.delete_budget(p_id uuid, p_version integer) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
  v_waiting uuid[];
begin
  perform from holdfast.budgets b
  where b.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and b.id = p_id
    and b.version = p_version
  for update;
  if not found then
    return false;
  end if;
  select pg_catalog.array_agg(w.run_id) into v_waiting from holdfast.budget_waits w where w.budget_id = p_id;
  delete from holdfast.budgets b where b.id = p_id;
  update holdfast.due d set at = v_now where d.kind = 'run' and d.subject = any (v_waiting) and d.at > v_now;
  return true;
end
$$;

-- A new version for each model whose prices are others than those of its last version. Returns how many.
create function holdfast.record_prices(p_models text[], p_inputs bigint[], p_outputs bigint[]) returns integer
  language plpgsql security definer set search_path = ''
as $$
declare
  v_recorded integer;
begin
  -- Processes start together.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('holdfast.model_prices', 0));
  insert into holdfast.model_prices (model, version, input_per_mtok, output_per_mtok, valid_from)
  select n.model, coalesce(l.version, 0) + 1, n.input, n.output, holdfast.now_ms()
  from rows from (pg_catalog.unnest(p_models), pg_catalog.unnest(p_inputs), pg_catalog.unnest(p_outputs))
    as n (model, input, output)
  left join lateral (
    select p.version, p.input_per_mtok, p.output_per_mtok from holdfast.model_prices p
    where p.model = n.model order by p.version desc limit 1
  ) l on true
  where l.version is null or l.input_per_mtok <> n.input or l.output_per_mtok <> n.output;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.append_with_budgets to holdfast_worker;
grant execute on function holdfast.record_prices to holdfast_api;
grant execute on function holdfast.create_budget, holdfast.change_budget, holdfast.delete_budget to holdfast_api;
