-- A new operation, with its row in the outbox, in the tenant in whose scope the transaction is.
create function holdfast.create_bulk(
  p_id uuid, p_work text, p_filter text, p_asked_by text, p_phase text, p_skipped text, p_errors text, p_at bigint
) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  if v_tenant is null then
    raise exception 'a bulk operation needs a tenant' using errcode = '42501';
  end if;
  insert into holdfast.bulk_operations
    (tenant_id, id, work, filter, asked_by, created_at, phase, skipped, errors, updated_at)
  values (v_tenant, p_id, p_work, p_filter, p_asked_by, p_at, p_phase, p_skipped, p_errors, p_at);
  insert into holdfast.due (kind, subject, tenant_id, at) values ('bulk', p_id, v_tenant, p_at);
end
$$;

-- Keeps the row until the transaction ends; false when the tenant has no such operation.
create function holdfast.lock_bulk(p_id uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from holdfast.bulk_operations b
  where b.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and b.id = p_id
  for update;
  return found;
end
$$;

-- What a step has changed. Lock it first. One that has ended stays as it is.
create function holdfast.save_bulk(
  p_id uuid, p_phase text, p_reached uuid, p_counted integer, p_done integer, p_skipped text, p_failed integer,
  p_errors text, p_updated_at bigint, p_ended_at bigint
) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.bulk_operations b
  set phase = p_phase, reached = p_reached, counted = p_counted, done = p_done, skipped = p_skipped, failed = p_failed,
      errors = p_errors, updated_at = p_updated_at, ended_at = p_ended_at
  where b.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid and b.id = p_id
    and b.ended_at is null;
end
$$;

-- Deletes at most so many operations, of any tenant, that ended before the given time; returns how many.
create function holdfast.clean_bulk(p_before bigint, p_limit integer) returns integer
  language plpgsql security definer set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from holdfast.bulk_operations b
  using (
    select tenant_id, id from holdfast.bulk_operations where ended_at < p_before order by ended_at limit p_limit
  ) old
  where b.tenant_id = old.tenant_id and b.id = old.id;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.create_bulk to holdfast_api;
grant execute on function holdfast.lock_bulk, holdfast.save_bulk to holdfast_api, holdfast_worker;
grant execute on function holdfast.clean_bulk to holdfast_worker;
-- A worker speaks to runs and forks them as the API does, inside a tenant's scope, so that this and the progress of the
-- operation are one transaction.
grant execute on function holdfast.append_in_scope, holdfast.fork_run, holdfast.lock_run to holdfast_worker;
