-- Deletion. Rows of runs are locked first, each run before those below it; then threads.

-- The runs below these, and these themselves (depth 0).
create function holdfast.runs_below(p_runs uuid[]) returns table (id uuid, depth integer)
  language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
begin
  return query
    with recursive below (tenant_id, id, depth) as (
      select r.tenant_id, r.id, 0 from holdfast.runs r where r.id = any (p_runs)
      union all
      select c.tenant_id, c.id, b.depth + 1 from below b
      join holdfast.runs c on c.tenant_id = b.tenant_id and c.parent_id = b.id
    )
    select b.id, b.depth from below b;
end
$$;

-- Locks these runs and those below them, unless one of them lives: then that one is returned, and nothing else.
create function holdfast.lock_ended(p_runs uuid[]) returns table (id uuid, status text, ended boolean)
  language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
begin
  return query
    select r.id, r.status, false
    from holdfast.runs_below(p_runs) b join holdfast.runs r on r.id = b.id
    where r.ended_at is null order by b.depth, r.id limit 1;
  if found then
    return;
  end if;
  -- None of them can come to life again, and nobody can add to them.
  return query
    select r.id, r.status, true
    from holdfast.runs_below(p_runs) b join holdfast.runs r on r.id = b.id
    order by b.depth, r.id for update of r;
end
$$;

-- Deletes runs that are locked, with all that was derived from them. What they have used is kept, by hour, agent, model and who started it.
-- Their files go after the commit: a row of kind `files` is left for each run.
create function holdfast.erase_runs(p_runs uuid[]) returns void
  language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  insert into holdfast.usage_of_deleted as u
    (tenant_id, hour, agent, model, starter, runs, calls, tokens, cost_usd_micros)
  select x.tenant_id, x.at - x.at % 3600000, x.agent, x.model, x.starter, pg_catalog.sum(x.runs), pg_catalog.sum(x.calls),
    pg_catalog.sum(x.tokens), pg_catalog.sum(x.cost)
  from (
    select r.tenant_id, r.created_at as at, r.agent, '' as model, r.starter, 1 as runs, 0 as calls, 0 as tokens, 0 as cost
    from holdfast.runs r where r.id = any (p_runs)
    union all
    select r.tenant_id, e.at, r.agent, e.model, r.starter, 0, 1, e.tokens, e.cost_usd_micros
    from holdfast.runs r join holdfast.run_events e on e.run_id = r.id
    where r.id = any (p_runs) and e.model is not null
  ) x
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (tenant_id, hour, agent, model, starter) do update
    set runs = u.runs + excluded.runs, calls = u.calls + excluded.calls, tokens = u.tokens + excluded.tokens,
        cost_usd_micros = u.cost_usd_micros + excluded.cost_usd_micros;

  perform from holdfast.threads t
  where (t.tenant_id, t.id) in (
    select r.tenant_id, r.thread_id from holdfast.runs r where r.id = any (p_runs) and r.thread_id is not null)
  order by t.tenant_id, t.id for update;
  -- The next run sees what is left: the run before the deleted one, which has pinned what came before itself.
  update holdfast.threads t set last_run = n.id, last_seq = n.head
  from holdfast.runs e
  left join lateral (
    select r.id, r.head from holdfast.runs r
    where r.tenant_id = e.tenant_id and r.thread_id = e.thread_id and r.begun and r.ended_at is not null
      and r.id <> all (p_runs)
    order by r.ended_at desc, r.id desc limit 1
  ) n on true
  where e.id = any (p_runs) and t.tenant_id = e.tenant_id and t.id = e.thread_id and t.last_run = e.id;

  insert into holdfast.due (kind, subject, tenant_id, at)
  select 'files', r.id, r.tenant_id, holdfast.now_ms() from holdfast.runs r where r.id = any (p_runs)
  on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
  perform holdfast.erase_webhook_cursors(p_runs);
  delete from holdfast.due d where d.kind in ('run', 'child', 'expiry') and d.subject = any (p_runs);

  delete from holdfast.idempotency_keys k where k.about = any (p_runs);
  delete from holdfast.run_tags g
  using holdfast.runs r
  where r.id = any (p_runs) and g.tenant_id = r.tenant_id and g.tag = any (r.tags) and g.run_id = r.id;
  delete from holdfast.attention a where a.run_id = any (p_runs);
  delete from holdfast.artifacts a where a.run_id = any (p_runs);
  delete from holdfast.snapshots s where s.run_id = any (p_runs);
  delete from holdfast.run_events e where e.run_id = any (p_runs);
  delete from holdfast.runs r where r.id = any (p_runs);
end
$$;

-- Deletes an ended run of the tenant in whose scope the transaction is, with all runs below it.
-- outcome: deleted (a row for each run), live (that run lives), parent-live (the run above lives), missing.
create function holdfast.delete_run(p_run uuid) returns table (outcome text, run_id uuid, status text)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_parent uuid;
  v_runs uuid[];
begin
  select r.parent_id into v_parent from holdfast.runs r where r.id = p_run and r.tenant_id = v_tenant for update;
  if not found then
    return query select 'missing', p_run, null::text;
    return;
  end if;
  return query select 'live', l.id, l.status from holdfast.lock_ended(array[p_run]) l where not l.ended;
  if found then
    return;
  end if;
  -- It may not have read its child's end yet.
  return query
    select 'parent-live', r.id, r.status from holdfast.runs r
    where r.id = v_parent and r.tenant_id = v_tenant and r.ended_at is null;
  if found then
    return;
  end if;
  select pg_catalog.array_agg(b.id) into v_runs from holdfast.runs_below(array[p_run]) b;
  return query select 'deleted', r.id, r.status from holdfast.runs r where r.id = any (v_runs) order by r.id;
  perform holdfast.erase_runs(v_runs);
end
$$;

-- Deletes a thread of the tenant in whose scope the transaction is, with its runs and those below them; outcomes as of
-- delete_run, but for parent-live. A thread without runs leaves no row.
create function holdfast.delete_thread(p_thread uuid) returns table (outcome text, run_id uuid, status text)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_runs uuid[];
begin
  loop
    select coalesce(pg_catalog.array_agg(r.id), '{}') into v_runs
    from holdfast.runs r where r.tenant_id = v_tenant and r.thread_id = p_thread;
    return query select 'live', l.id, l.status from holdfast.lock_ended(v_runs) l where not l.ended;
    if found then
      return;
    end if;
    perform from holdfast.threads t where t.tenant_id = v_tenant and t.id = p_thread for update;
    if not found then
      return query select 'missing', null::uuid, null::text;
      return;
    end if;
    -- Who starts a run locks the thread's row: from now on there are no new ones. One came before: once more.
    exit when not exists (
      select from holdfast.runs r
      where r.tenant_id = v_tenant and r.thread_id = p_thread and r.id <> all (v_runs));
  end loop;
  select coalesce(pg_catalog.array_agg(b.id), '{}') into v_runs from holdfast.runs_below(v_runs) b;
  return query select 'deleted', r.id, r.status from holdfast.runs r where r.id = any (v_runs) order by r.id;
  perform holdfast.erase_runs(v_runs);
  delete from holdfast.idempotency_keys k where k.about = p_thread and k.tenant_id = v_tenant;
  delete from holdfast.threads t where t.tenant_id = v_tenant and t.id = p_thread;
end
$$;

-- null: for ever. A row of kind `retention` says when a worker looks next.
create function holdfast.set_retention(p_days integer) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set retention_days = p_days where t.id = v_tenant;
  if not found then
    raise exception 'retention needs a tenant' using errcode = '42501';
  end if;
  if p_days is null then
    delete from holdfast.due d where d.kind = 'retention' and d.subject = v_tenant;
  else
    insert into holdfast.due (kind, subject, tenant_id, at) values ('retention', v_tenant, v_tenant, holdfast.now_ms())
    on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
  end if;
end
$$;

-- Deletes some of the runs that ended longer ago than the tenant keeps them, each with those below it, oldest first: at
-- most so many at the top, and no more once so many events are reached. One audit line. Returns those runs; and in the
-- last row when the next one will be due (null: none has ended). No row: they are kept for ever.
create function holdfast.delete_expired(p_runs integer, p_events bigint)
  returns table (run_id uuid, next_at bigint)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_kept_ms bigint;
  -- A variable: a volatile function in the condition would keep the index from being used.
  v_before bigint;
  v_top uuid[] := '{}';
  v_all uuid[] := '{}';
  v_events bigint := 0;
  v_root uuid;
  v_below uuid[];
  v_more bigint;
begin
  select t.retention_days * 86400000::bigint into v_kept_ms from holdfast.tenants t where t.id = v_tenant;
  if v_kept_ms is null then
    return;
  end if;
  v_before := holdfast.now_ms() - v_kept_ms;
  -- Those that wait for a living run below them are passed here, or p_runs of them would hold up all the others.
  for v_root in
    select r.id from holdfast.runs r
    where r.tenant_id = v_tenant and r.parent_id is null and r.ended_at < v_before and not exists (
      select from holdfast.runs_below(array[r.id]) b join holdfast.runs l on l.id = b.id where l.ended_at is null)
    order by r.ended_at, r.id limit p_runs for update skip locked
  loop
    select pg_catalog.array_agg(l.id) filter (where l.ended), pg_catalog.sum(r.head)
    into v_below, v_more
    from holdfast.lock_ended(array[v_root]) l join holdfast.runs r on r.id = l.id;
    continue when v_below is null;
    v_top := v_top || v_root;
    v_all := v_all || v_below;
    v_events := v_events + v_more;
    exit when v_events >= p_events;
  end loop;
  if v_top <> '{}' then
    perform holdfast.erase_runs(v_all);
    perform holdfast.write_audit('runs.delete', 'retention', '/v1/runs', pg_catalog.json_build_object(
      'by', pg_catalog.json_build_object('type', 'system', 'roles', '[]'::json, 'name', null),
      'from', null, 'requestId', '', 'before', null, 'after', null, 'outcome', 'done',
      'detail', pg_catalog.json_build_object(
        'retention_days', v_kept_ms / 86400000, 'deleted', pg_catalog.cardinality(v_all), 'runs', v_top))::text);
  end if;
  return query select u.id, null::bigint from pg_catalog.unnest(v_all) as u (id);
  return query
    select null::uuid, pg_catalog.min(r.ended_at) + v_kept_ms from holdfast.runs r
    where r.tenant_id = v_tenant and r.parent_id is null and r.ended_at is not null;
end
$$;

-- As before, and not for a run that is being deleted: its row is kept until the snapshot is there, so that it goes, too.
create or replace function holdfast.save_snapshot(p_tenant uuid, p_run uuid, p_seq integer, p_format text, p_body text)
  returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from holdfast.runs r where r.id = p_run and r.tenant_id = p_tenant and r.head >= p_seq for key share;
  if not found then
    return;
  end if;
  insert into holdfast.snapshots (run_id, tenant_id, seq, format, body, at)
  values (p_run, p_tenant, p_seq, p_format, p_body, holdfast.now_ms())
  on conflict (run_id) do update
    set seq = excluded.seq, format = excluded.format, body = excluded.body, at = excluded.at
    where snapshots.seq < excluded.seq or snapshots.format <> excluded.format;
end
$$;

-- Tenants that were told how long they keep runs before anybody deleted them.
insert into holdfast.due (kind, subject, tenant_id, at)
select 'retention', t.id, t.id, holdfast.now_ms() from holdfast.tenants t where t.retention_days is not null;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.delete_run, holdfast.delete_thread, holdfast.set_retention to holdfast_api;
grant execute on function holdfast.delete_expired to holdfast_worker;
