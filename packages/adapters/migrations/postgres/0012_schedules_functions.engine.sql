-- When a worker looks at a schedule; null: not before somebody changes it.
create function holdfast.set_schedule_due(p_tenant uuid, p_id uuid, p_due bigint) returns void
  language plpgsql set search_path = ''
as $$
begin
  if p_due is null then
    delete from holdfast.due d where d.kind = 'schedule' and d.subject = p_id and d.tenant_id = p_tenant;
  else
    insert into holdfast.due (kind, subject, tenant_id, at) values ('schedule', p_id, p_tenant, p_due)
    on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0
      where due.tenant_id = excluded.tenant_id;
  end if;
end
$$;

-- A new schedule, with its row in the outbox, in the tenant in whose scope the transaction is. False when another one
-- has its name.
create function holdfast.create_schedule(p_id uuid, p_name text, p_spec text, p_state text, p_at bigint, p_due bigint)
  returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  if v_tenant is null then
    raise exception 'a schedule needs a tenant' using errcode = '42501';
  end if;
  insert into holdfast.schedules (tenant_id, id, name, spec, state, version, step, created_at, updated_at)
  values (v_tenant, p_id, p_name, p_spec, p_state, 1, 1, p_at, p_at)
  on conflict (tenant_id, name) do nothing;
  if not found then
    return false;
  end if;
  perform holdfast.set_schedule_due(v_tenant, p_id, p_due);
  return true;
end
$$;

-- Keeps the row until the transaction ends; false when the tenant has no such schedule.
create function holdfast.lock_schedule(p_id uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from holdfast.schedules s
  where s.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and s.id = p_id
  for update;
  return found;
end
$$;

-- What the scheduler has done. Lock it first.
create function holdfast.save_schedule(p_id uuid, p_state text, p_step bigint) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.schedules s set state = p_state, step = p_step
  where s.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and s.id = p_id;
end
$$;

-- What somebody has changed, and when it is due now. Lock it first. False when another one has its name.
create function holdfast.change_schedule(
  p_id uuid, p_name text, p_spec text, p_state text, p_version integer, p_step bigint, p_at bigint, p_due bigint
) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  begin
    update holdfast.schedules s
    set name = p_name, spec = p_spec, state = p_state, version = p_version, step = p_step, updated_at = p_at
    where s.tenant_id = v_tenant and s.id = p_id;
  exception when unique_violation then
    return false;
  end;
  -- Not found: it is gone, and nothing is due.
  if exists (select from holdfast.schedules s where s.tenant_id = v_tenant and s.id = p_id) then
    perform holdfast.set_schedule_due(v_tenant, p_id, p_due);
  end if;
  return true;
end
$$;

-- Its runs stay. False when the tenant has no such schedule.
create function holdfast.delete_schedule(p_id uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  delete from holdfast.schedules s where s.tenant_id = v_tenant and s.id = p_id;
  if not found then
    return false;
  end if;
  perform holdfast.set_schedule_due(v_tenant, p_id, null);
  return true;
end
$$;

-- Says of a run that was created in this transaction which schedule and which tick started it.
create function holdfast.set_run_schedule(p_run uuid, p_schedule uuid, p_tick bigint) returns void
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update holdfast.runs r set schedule_id = p_schedule, schedule_tick = p_tick
  where r.id = p_run and r.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid
    and r.schedule_id is null and r.head = 1;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.create_schedule, holdfast.change_schedule, holdfast.delete_schedule to holdfast_api;
grant execute on function holdfast.lock_schedule, holdfast.save_schedule, holdfast.set_run_schedule
  to holdfast_api, holdfast_worker;
-- A worker starts the run of a tick as the API starts one, inside the tenant, so that this and how far the schedule is
-- are one transaction.
grant execute on function holdfast.create_run to holdfast_worker;
