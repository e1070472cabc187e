-- Threads: one active run each. Whoever touches a run and its thread locks the run's row first.

-- Runs that have ended leave their threads: the oldest run that waits there goes next.
create function holdfast.leave_threads(p_runs uuid[]) returns void
  language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_next uuid[];
begin
  -- One order for all. Whoever ends another run of a thread waits here, and sees who is active then.
  perform from holdfast.runs r
  join holdfast.threads t on t.tenant_id = r.tenant_id and t.id = r.thread_id
  where r.id = any (p_runs)
  order by t.tenant_id, t.id for update of t;

  with turned as (
    update holdfast.threads t
    set active_run = n.run_id,
        -- One that nobody began has said nothing, and has not seen what was said before it.
        last_run = case when e.begun then e.id else t.last_run end,
        last_seq = case when e.begun then e.head else t.last_seq end
    from holdfast.runs e
    left join lateral (
      select coalesce(
        (select q.id from holdfast.runs q
         where q.tenant_id = e.tenant_id and q.thread_id = e.thread_id and q.id > e.id
           and q.status not in ('succeeded', 'failed', 'cancelled')
         order by q.id limit 1),
        (select q.id from holdfast.runs q
         where q.tenant_id = e.tenant_id and q.thread_id = e.thread_id and q.id < e.id
           and q.status not in ('succeeded', 'failed', 'cancelled')
         order by q.id limit 1)) as run_id
    ) n on true
    where e.id = any (p_runs) and t.tenant_id = e.tenant_id and t.id = e.thread_id and t.active_run = e.id
    returning n.run_id
  )
  select pg_catalog.array_agg(u.run_id) into v_next from turned u where u.run_id is not null;

  -- It may have become active while it was being ended.
  delete from holdfast.due d where d.kind = 'run' and d.subject = any (p_runs);
  if v_next is null then
    return;
  end if;

  insert into holdfast.due (kind, subject, tenant_id, agent, agent_limit, model, priority, concurrency_key, at, begun)
  select 'run', r.id, r.tenant_id, r.agent, r.agent_limit, r.model, r.priority, r.concurrency_key,
    greatest(holdfast.now_ms(), coalesce(r.start_at, 0)), r.begun
  from holdfast.runs r where r.id = any (v_next)
  order by r.id
  on conflict (kind, subject) do nothing;

  -- Only what people read: a row that somebody else has is left alone.
  update holdfast.runs r
  set waiting_for = pg_catalog.format(
    '[{"reason":"capacity","since":%s,"until":null,"ref":null}]', holdfast.now_ms())
  from (
    select id from holdfast.runs where id = any (v_next) and waiting_for like '[{"reason":"thread"%'
    for update skip locked
  ) w
  where r.id = w.id;
end
$$;

-- Puts a new run into a thread of the tenant in whose scope the transaction is, and returns the run that is active
-- there: the new one, or the one that it has to wait for. No row: there is no such thread.
create function holdfast.join_thread(p_thread uuid, p_run uuid) returns table (active_run uuid)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  return query
    update holdfast.threads t set active_run = coalesce(t.active_run, p_run)
    where t.tenant_id = v_tenant and t.id = p_thread
    returning t.active_run;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.join_thread to holdfast_api;
