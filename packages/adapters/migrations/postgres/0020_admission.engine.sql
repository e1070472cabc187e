-- Why a due run of the tenant in whose scope the transaction is has not begun, and how many go before it: of its own tenant
-- among those that wait for the same, and, where it waits for a worker, what other tenants have turns for until then.
-- No row: it is not due, or is held. Counts look at 1,000 rows and 100 tenants at most; `more`: there may be more.
create function holdfast.why_waits(p_run uuid, p_model_limit integer)
  returns table (because text, own integer, others integer, more boolean)
  language plpgsql stable security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_now constant bigint := holdfast.now_ms();
  v_run holdfast.due;
  v_self holdfast.tenants;
  v_because text := 'workers';
  v_own integer := 0;
  v_seen integer := 0;
  v_others integer := 0;
  v_tenants integer := 0;
  v_turn bigint;
  v_at bigint;
begin
  select * into v_run from holdfast.due d
  where d.kind = 'run' and d.subject = p_run and d.tenant_id = v_tenant and d.at <= v_now;
  if not found then
    return;
  end if;
  select * into v_self from holdfast.tenants where id = v_tenant;

  if not v_run.admitted then
    select case
      when v_run.concurrency_key is not null and pg_catalog.bool_or(u.tenant_id = v_tenant and u.key = v_run.concurrency_key)
        then 'concurrency_key'
      when pg_catalog.count(*) filter (where u.tenant_id = v_tenant and u.agent = v_run.agent) >= v_run.agent_limit then 'agent'
      when pg_catalog.count(*) filter (where u.model = v_run.model) >= p_model_limit then 'model'
      when pg_catalog.count(*) filter (where u.tenant_id = v_tenant) >= v_self.slots then 'tenant'
      else 'workers'
    end into v_because
    from (
      select d.tenant_id, d.agent, d.model, d.concurrency_key as key from holdfast.due d where d.kind = 'run' and d.admitted
      union all
      select r.tenant_id, r.agent, r.model, r.concurrency_key from holdfast.runs r where r.holder is not null
    ) u;

    select pg_catalog.count(*) filter (where case v_because
        when 'concurrency_key' then w.concurrency_key = v_run.concurrency_key
        when 'agent' then w.agent = v_run.agent
        when 'model' then w.model = v_run.model
        else true
      end), pg_catalog.count(*)
    into v_own, v_seen
    from (
      select d.agent, d.model, d.concurrency_key from holdfast.due d
      where d.kind = 'run' and not d.admitted and d.tenant_id = v_tenant and d.at <= v_now and d.subject <> p_run
        and (d.begun > v_run.begun or (d.begun = v_run.begun and (d.priority > v_run.priority
          or (d.priority = v_run.priority and (d.at, d.subject) < (v_run.at, v_run.subject)))))
      limit 1000
    ) w;

    if v_because = 'workers' then
      select pass into v_turn from holdfast.turn;
      v_at := greatest(v_self.pass, v_turn) + v_own * holdfast.stride(v_self.weight);
      select coalesce(pg_catalog.sum(n.runs), 0), pg_catalog.count(*) into v_others, v_tenants
      from (
        select t.id, (v_at - greatest(t.pass, v_turn)) / holdfast.stride(t.weight) + 1 as turns
        from holdfast.tenants t
        where t.id <> v_tenant and t.suspended_at is null and greatest(t.pass, v_turn) <= v_at
          and exists (
            select from holdfast.due d where d.kind = 'run' and not d.admitted and d.tenant_id = t.id and d.at <= v_now)
        limit 100
      ) o
      cross join lateral (
        select pg_catalog.count(*)::integer as runs
        from (
          select from holdfast.due d
          where d.kind = 'run' and not d.admitted and d.tenant_id = o.id and d.at <= v_now limit least(o.turns, 1000)
        ) w
      ) n;
    end if;
  end if;
  return query select v_because, v_own, v_others, v_seen = 1000 or v_others >= 1000 or v_tenants >= 100;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.why_waits to holdfast_api;
