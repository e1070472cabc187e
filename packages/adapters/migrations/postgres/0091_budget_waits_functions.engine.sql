-- Before there was the column, nobody else needed nothing. Who sleeps beside room tries again, and is looked at from then on.
update holdfast.budget_waits set unpriced = true where tokens = 0 and cost = 0;
update holdfast.due d set at = holdfast.now_ms()
from holdfast.budget_waits w where d.kind = 'run' and d.subject = w.run_id and d.at > holdfast.now_ms();

-- Wakes runs that wait for a budget, the longest waiting first, as many as there is room for. Others are held up neither by
-- one that does not fit at all, nor by one that was woken ten seconds ago and cannot begin, nor where one needs tokens and the
-- other money. One that waits for a price tries when any was recorded since it last did; workers read prices two seconds late.
create or replace function holdfast.wake_for_budget(p_budget uuid) returns void
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
      select w.run_id, r.tokens as free_tokens, r.cost as free_cost,
        w.tokens as own_tokens, pg_catalog.sum(w.tokens) over o as tokens,
        w.cost as own_cost, pg_catalog.sum(w.cost) over o as cost
      from holdfast.budget_waits w cross join room r
      left join holdfast.due d on d.kind = 'run' and d.subject = w.run_id
      where w.budget_id = p_budget and (r.tokens is null or w.tokens <= r.tokens)
        and (r.cost is null or w.cost <= r.cost)
        and (r.cost is null or not w.unpriced
          or exists (select from holdfast.model_prices p where p.valid_from > w.since - 10000))
        and coalesce(d.at, v_now) > v_now - 10000
      window o as (order by w.since, w.run_id)
    ) s
    where (s.free_tokens is null or s.own_tokens = 0 or s.tokens <= s.free_tokens)
      and (s.free_cost is null or s.own_cost = 0 or s.cost <= s.free_cost)
  )
  update holdfast.due d set at = v_now
  from fits f where d.kind = 'run' and d.subject = f.run_id and d.at > v_now;
end
$$;

-- The same, from time to time, in the tenant in whose scope the transaction is; whether somebody waits for it still.
create function holdfast.look_at_budget(p_budget uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from holdfast.budgets b
  where b.id = p_budget and b.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid
  for no key update;
  if not found then
    return false;
  end if;
  perform holdfast.wake_for_budget(p_budget);
  return exists (select from holdfast.budget_waits w where w.budget_id = p_budget);
end
$$;

-- What an append does to budgets. Locks them in one order: the tenant's, the agent's, then windows.
-- SQLSTATE HF001: they are not as they were when the append was made, and nothing is done.
create or replace function holdfast.move_budgets(p_tenant uuid, p_run uuid, p_moves jsonb) returns void
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
  from (
    -- A run that is let go while it asks for its next allowance returns both in one append.
    select m.budget, m.starts_at, pg_catalog.sum(m.tokens)::bigint as tokens,
      pg_catalog.sum(m.cost_usd_micros)::bigint as cost_usd_micros, pg_catalog.sum(m.spent_tokens)::bigint as spent_tokens,
      pg_catalog.sum(m.spent_cost_usd_micros)::bigint as spent_cost_usd_micros
    from pg_catalog.jsonb_to_recordset(p_moves -> 'returned')
      as m (budget uuid, starts_at bigint, tokens bigint, cost_usd_micros bigint, spent_tokens bigint, spent_cost_usd_micros bigint)
    group by m.budget, m.starts_at
  ) r
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
    insert into holdfast.budget_waits (budget_id, run_id, tenant_id, tokens, cost, unpriced)
    select (v_wait ->> 'budget')::uuid, p_run, p_tenant,
      case when w.unit = 'tokens' then w.needed else 0 end, case when w.unit = 'cost' then w.needed else 0 end,
      w.unit is null
    from (
      select (v_wait ->> 'needed')::bigint as needed,
        case when (v_wait ->> 'unpriced')::boolean then null when v_wait ->> 'limit' = 'tokens' then 'tokens' else 'cost' end
          as unit
    ) w
    on conflict (budget_id, run_id) do update
      set tokens = excluded.tokens, cost = excluded.cost, unpriced = excluded.unpriced;
    -- As long as runs wait it is looked at from time to time: one that is woken need not take what it was woken for.
    insert into holdfast.due (kind, subject, tenant_id, at)
    values ('room', (v_wait ->> 'budget')::uuid, p_tenant, holdfast.now_ms() + 10000)
    on conflict (kind, subject) do update
      set at = least(due.at, excluded.at), reserved_until = null, attempts = 0;
  end if;

  select pg_catalog.array_agg(distinct r.budget) into v_returned
  from pg_catalog.jsonb_to_recordset(p_moves -> 'returned') as r (budget uuid);
  foreach v_budget in array coalesce(v_returned, '{}') loop
    perform holdfast.wake_for_budget(v_budget);
  end loop;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.look_at_budget to holdfast_worker;
