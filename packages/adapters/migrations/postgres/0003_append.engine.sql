-- A worker's death, seen by whoever wants its runs: no row, a lease that ran out, or a session lock that is free while
-- the server that gave it is still running. The lock is kept (shared) until the end of this transaction, so that the
-- worker cannot come back meanwhile.
create function holdfast.is_dead(p_worker text) returns boolean
  language plpgsql set search_path = ''
as $$
declare
  w holdfast.workers;
begin
  select * into w from holdfast.workers where id = p_worker;
  if not found or w.lease_until < holdfast.now_ms() then
    return true;
  end if;
  return w.lock_key is not null
    and w.incarnation = pg_catalog.pg_postmaster_start_time()
    and pg_catalog.pg_try_advisory_xact_lock_shared(w.lock_key);
end
$$;

-- Tenants for which nothing begins. Few, so that whoever asks for what is due can compare each row with them.
create function holdfast.suspended() returns uuid[]
  language plpgsql stable set search_path = '' set enable_seqscan = off
as $$
begin
  return array(select t.id from holdfast.tenants t where t.suspended_at is not null or t.frozen_at is not null);
end
$$;

-- Appends of many runs in one transaction. Returns the appends that were not accepted, by position from 1.
-- Arrays of the first group have one element for each append, those of the second one for each event, in order.
create function holdfast.append(
  p_tenants uuid[], p_runs uuid[], p_ids uuid[], p_expected integer[],
  p_workers text[], p_takes text[], p_froms text[], p_releases boolean[],
  p_statuses text[], p_waiting text[], p_dues bigint[],
  p_items integer[], p_types text[], p_formats integer[], p_ats bigint[],
  p_calls text[], p_models text[], p_tokens integer[], p_costs bigint[],
  -- JSON texts with U+001E between them, which no JSON text contains: an array would have to be quoted and unquoted
  p_payloads text,
  -- [{item, opened, closed, artifacts, outbox, limits, children}]; null when no append has any
  p_extras jsonb
) returns table (item integer, outcome text, head integer)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_now constant bigint := holdfast.now_ms();
  v_locked uuid[];
  v_firsts integer[];
  v_taken integer[] := '{}';
  v_accepted integer[];
  v_unheld integer[];
  v_left uuid[];
begin
  -- Rows first, in one order for all batches. A row that another transaction has stalls nobody: its append is busy.
  select pg_catalog.array_agg(r.id) into v_locked
  from (select id from holdfast.runs where id = any (p_runs) order by id for no key update skip locked) r;

  -- The same run twice: only its first append counts in this batch.
  if v_locked is null or pg_catalog.cardinality(v_locked) < pg_catalog.cardinality(p_runs) then
    select pg_catalog.array_agg(f.ord) into v_firsts
    from (
      select pg_catalog.min(i.ord)::integer as ord
      from pg_catalog.unnest(p_runs) with ordinality as i (run_id, ord) group by i.run_id
    ) f;
  end if;

  if pg_catalog.array_remove(p_takes, null) <> '{}' then
    with wanted as (
      select i.ord::integer, i.run_id, i.take, i.from_worker, i.worker
      from rows from (
        pg_catalog.unnest(p_tenants), pg_catalog.unnest(p_runs), pg_catalog.unnest(p_expected),
        pg_catalog.unnest(p_workers), pg_catalog.unnest(p_takes), pg_catalog.unnest(p_froms)
      ) with ordinality as i (tenant_id, run_id, expected, worker, take, from_worker, ord)
      join holdfast.runs r on r.id = i.run_id
      where i.take is not null and r.tenant_id = i.tenant_id and r.head = i.expected
        and r.format <= coalesce((select w.format from holdfast.workers w where w.id = i.worker), 1)
        and r.id = any (v_locked) and (v_firsts is null or i.ord = any (v_firsts))
        and r.holder is not distinct from case when i.take = 'claim' then null else i.from_worker end
        -- Of a suspended tenant what a dead worker has left may be settled; of a frozen one, nothing.
        and not exists (
          select from holdfast.tenants t
          where t.id = r.tenant_id and (t.frozen_at is not null or (i.take = 'claim' and t.suspended_at is not null)))
    ), claimed as (
      delete from holdfast.due d using wanted w
      where w.take = 'claim' and d.kind = 'run' and d.subject = w.run_id and d.admitted and d.at <= v_now
      returning w.ord
    ), taken_over as (
      -- A worker may take again what it gave up itself.
      select w.ord from wanted w
      where w.take = 'take-over' and (w.from_worker = w.worker or holdfast.is_dead(w.from_worker))
    )
    select coalesce(pg_catalog.array_agg(t.ord), '{}') into v_taken
    from (select ord from claimed union all select ord from taken_over) t;
  end if;

  with moved as (
    update holdfast.runs r
    set head = a.expected + e.events,
        holder = case
          when a.status in ('succeeded', 'failed', 'cancelled') then null
          when a.release and (a.take is not null or r.holder = a.worker) then null
          when a.take is not null then a.worker
          else r.holder
        end,
        begun = r.begun or a.take is not null,
        status = a.status,
        waiting_for = a.waiting,
        updated_at = greatest(r.updated_at, e.at),
        tokens = r.tokens + e.tokens,
        cost_usd_micros = r.cost_usd_micros + e.cost,
        ended_at = case when a.status in ('succeeded', 'failed', 'cancelled') then coalesce(r.ended_at, e.at) end
    from rows from (
      pg_catalog.unnest(p_tenants), pg_catalog.unnest(p_runs), pg_catalog.unnest(p_ids), pg_catalog.unnest(p_expected),
      pg_catalog.unnest(p_workers), pg_catalog.unnest(p_takes), pg_catalog.unnest(p_releases),
      pg_catalog.unnest(p_statuses), pg_catalog.unnest(p_waiting)
    ) with ordinality as a (tenant_id, run_id, id, expected, worker, take, release, status, waiting, ord)
    join (
      select item, pg_catalog.count(*)::integer as events, pg_catalog.min(ord)::integer as first, pg_catalog.max(at) as at,
        coalesce(pg_catalog.sum(tokens), 0) as tokens, coalesce(pg_catalog.sum(cost), 0) as cost
      from rows from (
        pg_catalog.unnest(p_items), pg_catalog.unnest(p_ats), pg_catalog.unnest(p_tokens), pg_catalog.unnest(p_costs)
      ) with ordinality as e (item, at, tokens, cost, ord)
      group by item
      -- Each append's events stand together, or their numbers would have gaps.
      having pg_catalog.max(ord) - pg_catalog.min(ord) + 1 = pg_catalog.count(*)
    ) e on e.item = a.ord
    where r.id = a.run_id and r.tenant_id = a.tenant_id and r.head = a.expected
      and r.id = any (v_locked) and (v_firsts is null or a.ord = any (v_firsts))
      and (a.take is null or a.ord = any (v_taken))
    returning a.ord::integer, r.id as run_id, r.tenant_id, r.thread_id, r.ended_at, r.holder, a.expected, a.id, e.first
  ), written as (
    insert into holdfast.run_events
      (run_id, seq, tenant_id, type, format, at, call_id, model, tokens, cost_usd_micros, append_id, payload)
    select m.run_id, m.expected + 1 + (e.ord - m.first), m.tenant_id, e.type, e.format, e.at, e.call_id, e.model, e.tokens, e.cost,
      case when e.ord = m.first then m.id end, e.payload
    from rows from (
      pg_catalog.unnest(p_items), pg_catalog.unnest(p_types), pg_catalog.unnest(p_formats), pg_catalog.unnest(p_ats),
      pg_catalog.unnest(p_calls), pg_catalog.unnest(p_models), pg_catalog.unnest(p_tokens), pg_catalog.unnest(p_costs),
      pg_catalog.string_to_table(p_payloads, E'\x1e')
    ) with ordinality as e (item, type, format, at, call_id, model, tokens, cost, payload, ord)
    join moved m on m.ord = e.item
  )
  select pg_catalog.array_agg(m.ord), pg_catalog.array_agg(m.ord) filter (where m.holder is null),
    pg_catalog.array_agg(m.run_id) filter (where m.thread_id is not null and m.ended_at is not null)
  into v_accepted, v_unheld, v_left
  from moved m;

  -- A held run has no due row: the claim took it. Only runs that nobody holds now have a next look.
  if v_unheld is not null then
    delete from holdfast.due d
    using rows from (pg_catalog.unnest(p_runs), pg_catalog.unnest(p_statuses), pg_catalog.unnest(p_dues))
      with ordinality as a (run_id, status, due_at, ord)
    where d.kind = 'run' and d.subject = a.run_id and a.ord = any (v_unheld)
      and (a.due_at is null or a.status in ('succeeded', 'failed', 'cancelled'));

    insert into holdfast.due (kind, subject, tenant_id, agent, agent_limit, model, priority, concurrency_key, at, begun)
    select 'run', r.id, r.tenant_id, r.agent, r.agent_limit, r.model, r.priority, r.concurrency_key, a.due_at, r.begun
    from rows from (pg_catalog.unnest(p_runs), pg_catalog.unnest(p_statuses), pg_catalog.unnest(p_dues))
      with ordinality as a (run_id, status, due_at, ord)
    join holdfast.runs r on r.id = a.run_id
    where a.ord = any (v_unheld) and a.due_at is not null and a.status not in ('succeeded', 'failed', 'cancelled')
      -- A run that waits for its turn in a thread is not due.
      and (r.thread_id is null or r.begun or exists (
        select from holdfast.threads t
        where t.tenant_id = r.tenant_id and t.id = r.thread_id and t.active_run = r.id))
    order by r.id
    -- It keeps the slot that it was given, unless it is to be looked at later.
    on conflict (kind, subject) do update
      set at = excluded.at, admitted = due.admitted and excluded.at <= v_now
      where due.at <> excluded.at;
  end if;

  if p_extras is not null then
    perform holdfast.append_extras(p_tenants, p_runs, p_extras, v_accepted);
    perform holdfast.append_children(p_tenants, p_runs, p_extras, v_accepted);
  end if;

  if v_left is not null then
    perform holdfast.leave_threads(v_left);
  end if;

  if exists (select from holdfast.webhooks w where w.tenant_id = any (p_tenants)) then
    perform holdfast.append_webhooks(p_tenants, p_runs, p_expected, p_items, p_types, v_accepted);
  end if;

  if v_accepted is null or pg_catalog.cardinality(v_accepted) < pg_catalog.cardinality(p_runs) then
    return query
      select a.ord::integer,
        case
          when r.id is null then 'missing'
          when r.id <> all (coalesce(v_locked, '{}')) or (v_firsts is not null and a.ord <> all (v_firsts)) then 'busy'
          when r.head <> a.expected then 'refused'
          else 'not-yours'
        end,
        r.head
      from rows from (pg_catalog.unnest(p_tenants), pg_catalog.unnest(p_runs), pg_catalog.unnest(p_expected))
        with ordinality as a (tenant_id, run_id, expected, ord)
      left join holdfast.runs r on r.id = a.run_id and r.tenant_id = a.tenant_id
      where a.ord <> all (coalesce(v_accepted, '{}'))
      order by a.ord;
  end if;
end
$$;

-- Attention, artifacts, the outbox and new limits of the accepted appends.
create function holdfast.append_extras(p_tenants uuid[], p_runs uuid[], p_extras jsonb, p_accepted integer[]) returns void
  language plpgsql set search_path = ''
as $$
begin
  delete from holdfast.attention t
  using pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, closed jsonb),
    pg_catalog.jsonb_array_elements_text(x.closed) as c (ref)
  where x.item = any (p_accepted) and t.run_id = p_runs[x.item] and t.ref = c.ref;

  insert into holdfast.attention (run_id, ref, tenant_id, kind, call_id, role, approvers, barred, since, until, detail)
  select p_runs[x.item], o.ref, p_tenants[x.item], o.kind, o.call, o.role, o.approvers, o.barred, o.since, o.until, o.detail
  from pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, opened jsonb),
    pg_catalog.jsonb_to_recordset(x.opened)
      as o (ref text, kind text, call text, role text, approvers text[], barred text[], since bigint, until bigint,
        detail text)
  where x.item = any (p_accepted)
  on conflict (run_id, ref) do update
    set kind = excluded.kind, call_id = excluded.call_id, role = excluded.role, approvers = excluded.approvers,
        barred = excluded.barred, since = excluded.since,
        until = excluded.until, detail = excluded.detail;

  -- Of a file that one append writes twice, the last; in the order in which they were written.
  insert into holdfast.artifacts (run_id, digest, tenant_id, name, media_type, size)
  select p_runs[l.item], l.digest, p_tenants[l.item], l.name, l.media_type, l.size
  from (
    select distinct on (x.item, f.digest, f.name) x.item, f.digest, f.name, f.media_type, f.size, f.ord
    from pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, artifacts jsonb),
      rows from (
        pg_catalog.jsonb_to_recordset(x.artifacts) as (digest text, name text, "mediaType" text, size bigint)
      ) with ordinality as f (digest, name, media_type, size, ord)
    where x.item = any (p_accepted)
    order by x.item, f.digest, f.name, f.ord desc
  ) l
  order by l.item, l.ord
  on conflict (run_id, digest, name) do update
    set media_type = excluded.media_type, position = default;

  update holdfast.runs r set limits = x.limits
  from pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, limits text)
  where x.item = any (p_accepted) and x.limits is not null and r.id = p_runs[x.item];

  -- What is under way for a row that is written again is not enough: it will be offered once more.
  insert into holdfast.due (kind, subject, tenant_id, at)
  select distinct on (o.kind, o.subject) o.kind, o.subject, p_tenants[x.item], o.at
  from pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, outbox jsonb),
    pg_catalog.jsonb_to_recordset(x.outbox) as o (kind text, subject uuid, at bigint)
  where x.item = any (p_accepted) and o.kind <> 'run'
  order by o.kind, o.subject, o.at
  on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
end
$$;

-- Runs that the accepted appends start, each with its first event. One that exists already stays as it is.
create function holdfast.append_children(p_tenants uuid[], p_runs uuid[], p_extras jsonb, p_accepted integer[]) returns void
  language plpgsql set search_path = ''
as $$
declare
  v_tenants uuid[];
  v_runs uuid[];
  v_ids uuid[];
  v_statuses text[];
  v_waiting text[];
  v_dues bigint[];
  v_types text[];
  v_formats integer[];
  v_ats bigint[];
  v_payloads text;
begin
  with wanted as (
    select p_tenants[x.item] as tenant_id, p_runs[x.item] as parent_id, c.*
    from pg_catalog.jsonb_to_recordset(p_extras) as x (item integer, children jsonb),
      pg_catalog.jsonb_to_recordset(x.children) as c (
        run uuid, agent text, version_id uuid, version integer, agent_limit integer, model text, call text, metadata text,
        id uuid, status text, waiting text, due bigint, type text, format integer, at bigint, payload text)
    where x.item = any (p_accepted)
  ), made as (
    insert into holdfast.runs
      (id, tenant_id, agent, version_id, version, agent_limit, model, priority, starter, parent_id, parent_call, metadata,
       created_at, status, waiting_for, updated_at)
    select w.run, w.tenant_id, w.agent, w.version_id, w.version, w.agent_limit, w.model, p.priority, p.starter, w.parent_id,
      w.call, w.metadata, w.at, w.status, w.waiting, w.at
    from wanted w join holdfast.runs p on p.id = w.parent_id
    order by w.run
    on conflict (id) do nothing
    returning runs.id
  )
  select pg_catalog.array_agg(w.tenant_id order by w.run), pg_catalog.array_agg(w.run order by w.run),
    pg_catalog.array_agg(w.id order by w.run), pg_catalog.array_agg(w.status order by w.run),
    pg_catalog.array_agg(w.waiting order by w.run), pg_catalog.array_agg(w.due order by w.run),
    pg_catalog.array_agg(w.type order by w.run), pg_catalog.array_agg(w.format order by w.run),
    pg_catalog.array_agg(w.at order by w.run), pg_catalog.string_agg(w.payload, E'\x1e' order by w.run)
  into v_tenants, v_runs, v_ids, v_statuses, v_waiting, v_dues, v_types, v_formats, v_ats, v_payloads
  from wanted w join made m on m.id = w.run;
  if v_runs is null then
    return;
  end if;

  if exists (
    select from holdfast.append(
      v_tenants, v_runs, v_ids, pg_catalog.array_fill(0, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::text, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::text, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::text, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(false, array[pg_catalog.cardinality(v_runs)]),
      v_statuses, v_waiting, v_dues,
      (select pg_catalog.array_agg(i) from pg_catalog.generate_series(1, pg_catalog.cardinality(v_runs)) as i),
      v_types, v_formats, v_ats,
      pg_catalog.array_fill(null::text, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::text, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::integer, array[pg_catalog.cardinality(v_runs)]),
      pg_catalog.array_fill(null::bigint, array[pg_catalog.cardinality(v_runs)]),
      v_payloads, null)
  ) then
    raise exception 'the first append of a child was refused';
  end if;
end
$$;

create function holdfast.save_snapshot(p_tenant uuid, p_run uuid, p_seq integer, p_format text, p_body text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into holdfast.snapshots (run_id, tenant_id, seq, format, body, at)
  select r.id, r.tenant_id, p_seq, p_format, p_body, holdfast.now_ms()
  from holdfast.runs r where r.id = p_run and r.tenant_id = p_tenant and r.head >= p_seq
  on conflict (run_id) do update
    set seq = excluded.seq, format = excluded.format, body = excluded.body, at = excluded.at
    where snapshots.seq < excluded.seq or snapshots.format <> excluded.format;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.append, holdfast.save_snapshot to holdfast_worker;
