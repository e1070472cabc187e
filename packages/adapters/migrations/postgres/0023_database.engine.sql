-- Its unfinished runs are marked, so it goes on; with the last tenant the installation does.
create function holdfast.thaw_tenant() returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants set frozen_at = null where id = v_tenant;
  update holdfast.installation set frozen_at = null, frozen_because = null
  where not exists (select from holdfast.tenants t where t.frozen_at is not null);
end
$$;

-- Unfinished runs of the tenant from before it was frozen that are not marked yet; not one row when it is not frozen.
create function holdfast.runs_to_mark(p_limit integer) returns table (run_id uuid)
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_frozen_at bigint;
begin
  select t.frozen_at into v_frozen_at from holdfast.tenants t where t.id = v_tenant;
  return query
    select r.id from holdfast.runs r
    where r.tenant_id = v_tenant and r.status not in ('succeeded', 'failed', 'cancelled') and r.created_at <= v_frozen_at
      and not exists (
        select from holdfast.run_events e
        where e.run_id = r.id and e.type = 'run.restored' and e.at >= v_frozen_at)
    order by r.id limit p_limit;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.thaw_tenant, holdfast.runs_to_mark to holdfast_worker;
