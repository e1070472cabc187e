-- Nothing begins from now on, for no tenant that is there. What was copied may still go on elsewhere, so what this one
-- shares with others is called by another id.
create function holdfast.freeze(p_because text, out installation uuid, out tenants integer)
  language plpgsql set search_path = ''
as $$
begin
  update holdfast.installation i
  set id = pg_catalog.gen_random_uuid(), frozen_at = coalesce(i.frozen_at, holdfast.now_ms()),
    frozen_because = coalesce(i.frozen_because, p_because)
  returning i.id into strict installation;
  update holdfast.tenants t set frozen_at = coalesce(t.frozen_at, holdfast.now_ms());
  get diagnostics tenants = row_count;
end
$$;

-- The identity of the Postgres cluster; '' where the service lets nobody know it.
create function holdfast.cluster_now() returns text
  language plpgsql set search_path = ''
as $$
begin
  return (select system_identifier::text from pg_catalog.pg_control_system());
exception
  when insufficient_privilege or undefined_function then
    return '';
end
$$;

-- Tables that are in another Postgres cluster than before, or whose workers are set up for another installation, were
-- copied, and the original may have gone on: what happened after the copy is not in the log. Where clusters cannot be told
-- apart, p_installation alone tells. Tables in which no worker has begun yet are nobody's copy.
create function holdfast.notice_copy(p_installation text) returns void
  language plpgsql set search_path = ''
as $$
declare
  v_now constant text := holdfast.cluster_now();
  v_before text;
  v_configured text;
  v_belongs text;
begin
  select cluster, configured, coalesce(configured, id::text) into v_before, v_configured, v_belongs
  from holdfast.installation;
  if p_installation is distinct from v_configured and p_installation is not null then
    update holdfast.installation set configured = p_installation;
    if v_before is not null and p_installation <> v_belongs then
      perform holdfast.freeze(
        pg_catalog.format('INSTALLATION_ID is %s, and the database belongs to %s', p_installation, v_belongs));
    end if;
  end if;
  if v_before is distinct from v_now and (v_before is null or v_now <> '') then
    update holdfast.installation set cluster = v_now;
    if v_before <> '' then
      perform holdfast.freeze('its tables are in another Postgres cluster than before');
    end if;
  end if;
end
$$;

-- Makes or renews the row of a worker that begins, or that lost its lease. `p_alone`: the process has the database to
-- itself, so whoever else is written down is gone.
create function holdfast.register_worker(
  p_worker text, p_driver text, p_lock_key bigint, p_lease_ms bigint, p_alone boolean, p_format integer default 1,
  p_installation text default null)
  returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
begin
  perform holdfast.notice_copy(p_installation);
  delete from holdfast.workers where id <> p_worker and (p_alone or lease_until < v_now - 3600000);
  insert into holdfast.workers (id, lock_key, lease_until, incarnation, driver, began_at, format)
  values (p_worker, p_lock_key, v_now + p_lease_ms, pg_catalog.pg_postmaster_start_time(), p_driver, v_now, p_format)
  on conflict (id) do update
    set lock_key = excluded.lock_key, lease_until = excluded.lease_until, incarnation = excluded.incarnation;
  return v_now;
end
$$;

-- The database's time, or null when the lease had run out already: then others may have taken the worker's runs.
create function holdfast.renew_lease(p_worker text, p_lease_ms bigint) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
begin
  update holdfast.workers set lease_until = v_now + p_lease_ms where id = p_worker and lease_until >= v_now;
  return case when found then v_now end;
end
$$;

create function holdfast.leave_worker(p_worker text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  delete from holdfast.workers where id = p_worker;
end
$$;

-- A restart or a crash of the server frees all locks and stops all renewals, and their owners need time to come back:
-- nobody is judged within one lease of either.
create function holdfast.server_settled(p_lease_ms bigint) returns boolean
  language plpgsql set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
  v_since bigint;
begin
  select since into v_since from holdfast.server_life;
  if not found then
    insert into holdfast.server_life default values on conflict do nothing;
    return false;
  end if;
  return v_since <= v_now - p_lease_ms
    and pg_catalog.pg_postmaster_start_time() < pg_catalog.clock_timestamp() - p_lease_ms * interval '1 millisecond';
end
$$;

-- Dead peers that still hold runs. `p_locks`: whether a free session lock counts (behind a pooler it lies).
create function holdfast.dead_workers(p_worker text, p_lease_ms bigint, p_locks boolean)
  returns table (worker text, why text, lease_until bigint, tenants uuid[], runs uuid[])
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_now constant bigint := holdfast.now_ms();
  v_settled constant boolean := holdfast.server_settled(p_lease_ms);
begin
  if not holdfast.drives(p_worker) then
    return;
  end if;
  return query
    select j.holder, j.why, coalesce(j.lease_until, v_now), j.tenants, j.runs
    from (
      select h.holder, h.tenants, h.runs, w.lease_until,
        case
          when w.id is null then 'gone'
          when w.lease_until < v_now then case when v_settled then 'lease-expired' end
          when p_locks and v_settled and w.lock_key is not null and w.incarnation = pg_catalog.pg_postmaster_start_time() then
            case when pg_catalog.pg_try_advisory_xact_lock_shared(w.lock_key) then 'session-lost' end
        end as why
      from (
        select r.holder, pg_catalog.array_agg(r.tenant_id order by r.id) as tenants,
          pg_catalog.array_agg(r.id order by r.id) as runs
        from holdfast.runs r
        where r.holder is not null and r.holder <> p_worker
          and not exists (select from holdfast.tenants t where t.id = r.tenant_id and t.frozen_at is not null)
        group by r.holder
      ) h
      left join holdfast.workers w on w.id = h.holder
    ) j
    where j.why is not null;
end
$$;

-- Who holds a run, and whether that worker is dead; no row = nobody does.
create function holdfast.holder_of(p_tenant uuid, p_run uuid, p_lease_ms bigint, p_locks boolean)
  returns table (worker text, why text, lease_until bigint)
  language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  v_now constant bigint := holdfast.now_ms();
begin
  return query
    select r.holder,
      case
        when w.id is null then 'gone'
        when not holdfast.server_settled(p_lease_ms) then null
        when w.lease_until < v_now then 'lease-expired'
        when p_locks and w.lock_key is not null and w.incarnation = pg_catalog.pg_postmaster_start_time() then
          case when pg_catalog.pg_try_advisory_xact_lock_shared(w.lock_key) then 'session-lost' end
      end,
      coalesce(w.lease_until, v_now)
    from holdfast.runs r left join holdfast.workers w on w.id = r.holder
    where r.id = p_run and r.tenant_id = p_tenant and r.holder is not null;
end
$$;

-- Written down where this worker can begin nothing; null = it can.
create function holdfast.tell_problem(p_worker text, p_problem text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.workers set problem = p_problem where id = p_worker and problem is distinct from p_problem;
end
$$;

-- Why no worker begins anything; null = there is one that can.
create function holdfast.workers_problem() returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  v_now constant bigint := holdfast.now_ms();
  v_problem text;
begin
  select w.problem into v_problem from holdfast.workers w
  where w.lease_until >= v_now and holdfast.drives(w.id) order by w.problem nulls first limit 1;
  return case when found then v_problem else 'no_worker' end;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function
  holdfast.register_worker, holdfast.renew_lease, holdfast.leave_worker, holdfast.dead_workers, holdfast.holder_of,
  holdfast.tell_problem to holdfast_worker;
grant execute on function holdfast.workers_problem to holdfast_api;
grant execute on function holdfast.freeze to holdfast_owner;
