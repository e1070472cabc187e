-- The priorities of what waits, highest first, each found by one step into the index.
create function holdfast.waiting_priorities(p_tenant uuid, p_begun boolean) returns setof smallint
  language plpgsql stable set search_path = ''
as $$
declare
  v_priority smallint;
begin
  select d.priority into v_priority from holdfast.due d
  where d.kind = 'run' and not d.admitted and d.tenant_id = p_tenant and d.begun = p_begun
  order by d.priority desc limit 1;
  while found loop
    return next v_priority;
    select d.priority into v_priority from holdfast.due d
    where d.kind = 'run' and not d.admitted and d.tenant_id = p_tenant and d.begun = p_begun and d.priority < v_priority
    order by d.priority desc limit 1;
  end loop;
end
$$;

-- Tenants of which something waits and is due, each found by a step into the index, however much of it waits.
create function holdfast.waiting_tenants(p_now bigint) returns setof uuid
  language plpgsql stable set search_path = '' set enable_seqscan = off rows 10
as $$
declare
  v_tenant uuid;
  v_at bigint;
begin
  select d.tenant_id, d.at into v_tenant, v_at from holdfast.due d
  where d.kind = 'run' and not d.admitted order by d.tenant_id, d.at limit 1;
  while found loop
    if v_at <= p_now then
      return next v_tenant;
    end if;
    select d.tenant_id, d.at into v_tenant, v_at from holdfast.due d
    where d.kind = 'run' and not d.admitted and d.tenant_id > v_tenant order by d.tenant_id, d.at limit 1;
  end loop;
end
$$;

-- Whether runs are this worker's to take: not while a worker with another driver lives that began later. So all runs move at
-- once when a worker with another driver begins, and back when the last of them is gone.
create function holdfast.drives(p_worker text) returns boolean
  language plpgsql set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
begin
  return not exists (
    select from holdfast.workers me join holdfast.workers other on other.driver <> me.driver
    where me.id = p_worker and other.lease_until >= v_now and (other.began_at, other.id) > (me.began_at, me.id));
end
$$;

-- What a tenant's pass grows by with one admission.
create function holdfast.stride(p_weight integer) returns bigint
  language sql immutable parallel safe
  as $$ select 1000000 / p_weight $$;

-- How many of a worker's places are a tenant's among those that have runs there, one at least. `p_weights`: of all of these,
-- `p_held`: its runs there, null = it is not among them.
create function holdfast.share(p_places integer, p_weight integer, p_weights integer, p_held integer) returns integer
  language sql immutable parallel safe
  as $$ select greatest(1, p_places * p_weight / (p_weights + case when p_held is null then p_weight else 0 end)) $$;

-- Living runs whose logs a worker cannot read: events in them are of a later release than it is.
create function holdfast.newer_runs(p_worker text) returns uuid[]
  language plpgsql stable set search_path = '' set enable_seqscan = off
as $$
declare
  v_format constant integer := coalesce((select w.format from holdfast.workers w where w.id = p_worker), 1);
begin
  return array(
    select r.id from holdfast.runs r where r.format > greatest(v_format, 1) and r.format > 1 and r.ended_at is null);
end
$$;

-- Offers runs to a worker: those that have a slot already, then new ones, tenants in turn, each as often as its weight
-- says. Slots, agents' and models' limits are counted from rows (admitted ones and held runs) under the tenant's lock,
-- never by a counter that could leak; where models have limits, one pick at a time.
-- Of the worker's `p_limit` free places `p_open` are for anybody. The others are for tenants with fewer runs in this worker
-- (`p_holders`, `p_held`: who has how many) than their share of `p_shared`, by weight, among those with runs there.
create function holdfast.pick(
  p_worker text, p_limit integer, p_reserve_ms bigint, p_open integer, p_shared integer, p_holders uuid[], p_held integer[],
  p_models text[], p_model_limits integer[]
) returns table (tenant_id uuid, run_id uuid, agent text, begun boolean, weight integer)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_now constant bigint := holdfast.now_ms();
  v_suspended constant uuid[] := holdfast.suspended();
  v_newer constant uuid[] := holdfast.newer_runs(p_worker);
  v_left integer;
  v_open integer;
  v_weights integer;
  v_turn bigint;
  v_count integer;
  v_tenants uuid[];
  v_tried uuid[] := '{}';
  v_chosen uuid[];
  v_model_room integer[];
begin
  if not holdfast.drives(p_worker) then
    return;
  end if;
  -- What a crash takes back of this is offered again; the claim that follows is an append, and waits for the disk.
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  if p_models <> '{}' then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('holdfast.models', 0));
  end if;
  -- Few: what was offered and not claimed. It has its slot, so it may have a kept place as well.
  return query
    -- The array is made once. As a join it was made again for each row of the queue, where the plan was of a small one.
    update holdfast.due d set reserved_until = v_now + p_reserve_ms
    where d.kind = 'run' and d.subject = any (array(
      select subject from holdfast.due
      where kind = 'run' and admitted and at <= v_now and coalesce(reserved_until, 0) <= v_now
        and tenant_id <> all (v_suspended) and subject <> all (v_newer)
      order by at, subject limit p_limit for update skip locked
    ))
    returning d.tenant_id, d.subject, d.agent, d.begun, (select t.weight from holdfast.tenants t where t.id = d.tenant_id);
  get diagnostics v_count = row_count;
  v_left := p_limit - v_count;
  v_open := greatest(0, p_open - v_count);
  if v_left <= 0 then
    return;
  end if;

  if p_models <> '{}' then
    select pg_catalog.array_agg(greatest(0, m.allowed - coalesce(u.runs, 0)) order by m.ord)::integer[] into v_model_room
    from rows from (pg_catalog.unnest(p_models), pg_catalog.unnest(p_model_limits)) with ordinality as m (model, allowed, ord)
    left join (
      select u.model, pg_catalog.count(*) as runs
      from (
        select d.model from holdfast.due d where d.kind = 'run' and d.admitted
        union all
        select r.model from holdfast.runs r where r.holder is not null
      ) u
      group by u.model
    ) u on u.model = m.model;
  end if;

  select pass into v_turn from holdfast.turn;
  select coalesce(pg_catalog.sum(t.weight), 0) into v_weights from holdfast.tenants t where t.id = any (p_holders);
  loop
    -- The next tenants with something to admit and a free slot: the lowest pass first, no more than can be served.
    -- One that another worker is serving is left to it.
    select pg_catalog.array_agg(t.id) into v_tenants
    from (
      select t.id from holdfast.waiting_tenants(v_now) as w (id) join holdfast.tenants t on t.id = w.id
      left join (
        select u.tenant_id, pg_catalog.count(*) as runs
        from (
          select d.tenant_id from holdfast.due d where d.kind = 'run' and d.admitted
          union all
          select r.tenant_id from holdfast.runs r where r.holder is not null
        ) u
        group by u.tenant_id
      ) used on used.tenant_id = t.id
      left join rows from (pg_catalog.unnest(p_holders), pg_catalog.unnest(p_held)) as h (tenant_id, held)
        on h.tenant_id = t.id
      where t.id <> all (v_tried) and t.suspended_at is null and t.frozen_at is null and t.slots > coalesce(used.runs, 0)
        and (v_open > 0 or coalesce(h.held, 0) < holdfast.share(p_shared, t.weight, v_weights, h.held))
      order by greatest(t.pass, v_turn), t.pass, t.id limit v_left for no key update of t skip locked
    ) t;
    exit when v_tenants is null;
    v_tried := v_tried || v_tenants;

    with used as (
      -- One statement, so one snapshot: a claim between the two halves is counted once.
      select u.tenant_id, u.agent, pg_catalog.count(*) as runs
      from (
        select d.tenant_id, d.agent from holdfast.due d
        where d.kind = 'run' and d.admitted and d.tenant_id = any (v_tenants)
        union all
        select r.tenant_id, r.agent from holdfast.runs r where r.holder is not null and r.tenant_id = any (v_tenants)
      ) u
      group by u.tenant_id, u.agent
    ), keys as (
      select d.tenant_id, d.concurrency_key as key from holdfast.due d
      where d.kind = 'run' and d.admitted and d.tenant_id = any (v_tenants) and d.concurrency_key is not null
      union
      select r.tenant_id, r.concurrency_key from holdfast.runs r
      where r.holder is not null and r.tenant_id = any (v_tenants) and r.concurrency_key is not null
    ), models as (
      select m.model, m.free
      from rows from (pg_catalog.unnest(p_models), pg_catalog.unnest(v_model_room)) as m (model, free)
    ), tenant as (
      select t.id, greatest(t.pass, v_turn) as pass, t.pass as own_pass, holdfast.stride(t.weight) as stride,
        t.slots - coalesce((select pg_catalog.sum(u.runs) from used u where u.tenant_id = t.id), 0) as free,
        coalesce(h.held, 0) as held, holdfast.share(p_shared, t.weight, v_weights, h.held) as share
      from holdfast.tenants t
      left join rows from (pg_catalog.unnest(p_holders), pg_catalog.unnest(p_held)) as h (tenant_id, held)
        on h.tenant_id = t.id
      where t.id = any (v_tenants)
    ), waiting as (
      -- Begun runs before fresh ones, each by priority, then by time. What its agent or its model has no room for is left
      -- out, and of each concurrency key all but the first, or all while one of them is at work.
      select d.tenant_id, d.subject, d.begun, d.priority, d.at, d.model, d.agent_limit, coalesce(u.runs, 0) as agent_runs,
        pg_catalog.row_number() over (
          partition by d.tenant_id, d.agent order by d.begun desc, d.priority desc, d.at, d.subject) as agent_place
      from tenant t
      cross join (values (true), (false)) b (begun)
      cross join lateral (
        select f.* from holdfast.waiting_priorities(t.id, b.begun) as w (priority)
        cross join lateral (
          select f.* from holdfast.due f
          where f.kind = 'run' and not f.admitted and f.tenant_id = t.id and f.begun = b.begun and f.priority = w.priority
            and f.at <= v_now and f.subject <> all (v_newer)
            and not exists (select from used u where u.tenant_id = t.id and u.agent = f.agent and u.runs >= f.agent_limit)
            and not exists (select from models m where m.model = f.model and m.free = 0)
            and (f.concurrency_key is null or (
              not exists (select from keys k where k.tenant_id = t.id and k.key = f.concurrency_key)
              and f.subject = (
                select e.subject from holdfast.due e
                where e.kind = 'run' and not e.admitted and e.tenant_id = t.id and e.concurrency_key = f.concurrency_key
                  and e.at <= v_now
                order by e.begun desc, e.priority desc, e.at, e.subject limit 1)))
          order by f.at, f.subject limit v_left
        ) f
        order by w.priority desc, f.at, f.subject limit v_left
      ) d
      left join used u on u.tenant_id = d.tenant_id and u.agent = d.agent
    ), placed as (
      select w.tenant_id, w.subject, w.model,
        pg_catalog.row_number() over (
          partition by w.tenant_id order by w.begun desc, w.priority desc, w.at, w.subject) as place
      from waiting w where w.agent_limit is null or w.agent_runs + w.agent_place <= w.agent_limit
    ), in_turn as (
      -- By the pass at which each would be admitted, not by the one to which it brings its tenant: a small weight's great
      -- step would come after all others' in each pick, for ever.
      select p.subject, m.free as model_room, t.held + p.place <= t.share as few,
        pg_catalog.row_number() over w as place,
        pg_catalog.row_number() over (
          partition by p.model order by t.pass + (p.place - 1) * t.stride, t.own_pass, t.id, p.place) as model_place
      from placed p join tenant t on t.id = p.tenant_id left join models m on m.model = p.model
      where p.place <= t.free
      window w as (order by t.pass + (p.place - 1) * t.stride, t.own_pass, t.id, p.place)
    ), fitting as (
      select i.subject, i.few, pg_catalog.row_number() over (order by i.place) as place
      from in_turn i where i.model_room is null or i.model_place <= i.model_room
    )
    select pg_catalog.array_agg(c.subject) into v_chosen
    from (
      select f.subject, f.place, f.few,
        pg_catalog.count(*) filter (where f.few and f.place > v_open) over (order by f.place) as kept_place
      from fitting f
    ) c
    where c.place <= v_open or (c.few and c.kept_place <= v_left - v_open);
    continue when v_chosen is null;

    return query
      with admitted as (
        update holdfast.due d set admitted = true, reserved_until = v_now + p_reserve_ms
        where d.kind = 'run' and d.subject = any (array(
          select subject from holdfast.due
          where kind = 'run' and subject = any (v_chosen) and not admitted and at <= v_now
          for update skip locked
        ))
        returning d.tenant_id, d.subject, d.agent, d.begun
      ), counted as (
        update holdfast.tenants t set pass = greatest(t.pass, v_turn) + a.runs * holdfast.stride(t.weight)
        from (select tenant_id, pg_catalog.count(*) as runs from admitted group by tenant_id) a
        where t.id = a.tenant_id
        returning t.id, t.weight, t.pass - holdfast.stride(t.weight) as at
      ), turned as (
        update holdfast.turn set pass = greatest(turn.pass, c.at)
        from (select pg_catalog.max(at) as at from counted) c
        where c.at > turn.pass
      )
      select a.tenant_id, a.subject, a.agent, a.begun, c.weight from admitted a join counted c on c.id = a.tenant_id;
    get diagnostics v_count = row_count;
    v_left := v_left - v_count;
    v_open := greatest(0, v_open - v_count);
    exit when v_left <= 0;
    if p_models <> '{}' then
      select pg_catalog.array_agg(greatest(0, m.free - coalesce(u.runs, 0)) order by m.ord)::integer[] into v_model_room
      from rows from (pg_catalog.unnest(p_models), pg_catalog.unnest(v_model_room)) with ordinality as m (model, free, ord)
      left join (
        select d.model, pg_catalog.count(*) as runs from holdfast.due d
        where d.kind = 'run' and d.subject = any (v_chosen) and d.admitted group by d.model
      ) u on u.model = m.model;
    end if;
  end loop;
end
$$;

-- When the next run becomes due, and whether some are due already and have no slot yet.
create function holdfast.next_due() returns table (at bigint, waiting boolean)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  -- A variable: a volatile function in the condition would keep the index from being used.
  v_now constant bigint := holdfast.now_ms();
  v_suspended constant uuid[] := holdfast.suspended();
begin
  return query select
    (select pg_catalog.min(d.at) from holdfast.due d where d.kind = 'run' and d.at > v_now),
    exists (
      select from holdfast.due d
      where d.kind = 'run' and not d.admitted and d.at <= v_now and d.tenant_id <> all (v_suspended));
end
$$;

-- How many runs are due, and of those with a slot, how many have been for a minute; counted to 10,000.
create function holdfast.queue_depth() returns table (waiting integer, ready integer, stuck integer)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_now constant bigint := holdfast.now_ms();
  v_suspended constant uuid[] := holdfast.suspended();
begin
  return query select
    (select pg_catalog.count(*)::integer from (
      select from holdfast.due d
      where d.kind = 'run' and not d.admitted and d.at <= v_now and d.tenant_id <> all (v_suspended) limit 10000) w),
    r.ready, r.stuck
  from (
    select pg_catalog.count(*)::integer as ready,
      (pg_catalog.count(*) filter (where d.at <= v_now - 60000))::integer as stuck
    from (
      select at from holdfast.due
      where kind = 'run' and admitted and at <= v_now and tenant_id <> all (v_suspended) order by at, subject limit 10000) d
  ) r;
end
$$;

-- Of these runs, those whose head is no longer the given one.
create function holdfast.moved_heads(p_tenants uuid[], p_runs uuid[], p_heads integer[])
  returns table (tenant_id uuid, run_id uuid)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
begin
  return query
    select h.tenant_id, h.run_id
    from rows from (pg_catalog.unnest(p_tenants), pg_catalog.unnest(p_runs), pg_catalog.unnest(p_heads))
      as h (tenant_id, run_id, head)
    left join holdfast.runs r on r.id = h.run_id and r.tenant_id = h.tenant_id
    where r.head is distinct from h.head;
end
$$;

-- Deletes at most so many idempotency keys made before the given time; returns how many.
create function holdfast.clean_idempotency_keys(p_before bigint, p_limit integer) returns integer
  language plpgsql security definer set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from holdfast.idempotency_keys k
  using (
    select tenant_id, principal, route, key from holdfast.idempotency_keys
    where created_at < p_before order by created_at limit p_limit
  ) old
  where k.tenant_id = old.tenant_id and k.principal = old.principal and k.route = old.route and k.key = old.key;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

-- Offers what is due in the outbox to one worker, until it is finished, put off, or the reservation ends. Words for the
-- engine go to those who have it. What is left for a suspended tenant waits, but for what only cleans up.
create function holdfast.pick_outbox(p_worker text, p_kind text, p_limit integer, p_reserve_ms bigint)
  returns table (tenant_id uuid, subject uuid, reserved_until bigint, attempt integer)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_now constant bigint := holdfast.now_ms();
  v_suspended constant uuid[] := case when p_kind in ('files', 'engine', 'erasure', 'thaw') then '{}' else holdfast.suspended() end;
begin
  if p_kind = 'engine' and not holdfast.drives(p_worker) then
    return;
  end if;
  perform pg_catalog.set_config('synchronous_commit', 'off', true);
  return query
    update holdfast.due d set reserved_until = v_now + p_reserve_ms, attempts = d.attempts + 1
    where d.kind <> 'run' and d.kind = p_kind and d.subject = any (array(
      select subject from holdfast.due
      where kind <> 'run' and kind = p_kind and at <= v_now and coalesce(reserved_until, 0) <= v_now
        and tenant_id <> all (v_suspended)
      order by at limit p_limit for update skip locked
    ))
    returning d.tenant_id, d.subject, d.reserved_until, d.attempts;
end
$$;

-- Unless it was written again, or offered to another worker, since it was offered.
create function holdfast.finish_outbox(p_kind text, p_subject uuid, p_reserved_until bigint) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  delete from holdfast.due d
  where d.kind <> 'run' and d.kind = p_kind and d.subject = p_subject and d.reserved_until = p_reserved_until;
end
$$;

-- To be looked at again at that time, under the same condition. `p_attempts`: how often it counts as offered.
create function holdfast.postpone_outbox(
  p_kind text, p_subject uuid, p_reserved_until bigint, p_at bigint, p_attempts integer) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.due d set at = p_at, reserved_until = null, attempts = p_attempts
  where d.kind <> 'run' and d.kind = p_kind and d.subject = p_subject and d.reserved_until = p_reserved_until;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function
  holdfast.pick, holdfast.next_due, holdfast.queue_depth, holdfast.moved_heads, holdfast.clean_idempotency_keys,
  holdfast.pick_outbox, holdfast.finish_outbox, holdfast.postpone_outbox to holdfast_worker;
