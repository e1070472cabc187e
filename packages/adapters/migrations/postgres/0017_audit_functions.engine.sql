-- null: as long as the platform says.
create function holdfast.set_audit_days(p_days integer) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set audit_days = p_days where t.id = v_tenant;
  if not found then
    raise exception 'the retention of an audit log needs a tenant' using errcode = '42501';
  end if;
end
$$;

-- Removes the oldest lines of one tenant that have outlived it, at most so many, and writes the line that says where the
-- chain goes on; all in one transaction. p_days: for tenants that say nothing themselves; null = for ever. Returns how
-- many were removed; as long as that is not 0 there may be more.
create function holdfast.clean_audit(p_days integer, p_lines integer) returns integer
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_now constant bigint := holdfast.now_ms();
  v_day constant bigint := 86400000;
  v_tenant uuid;
  v_before bigint;
  v_number bigint;
  v_hash text;
  v_count bigint;
  v_cleaned_at bigint;
  v_worth boolean;
begin
  for v_tenant, v_before, v_cleaned_at in
    select t.id, v_now - greatest(coalesce(t.audit_days, p_days), 30) * v_day, coalesce(c.at, 0)
    from holdfast.tenants t left join holdfast.audit_checkpoints c on c.tenant_id = t.id
    where coalesce(t.audit_days, p_days) is not null
    order by t.id
  loop
    -- A clock that was set back must not make a gap: no line goes before one that stays.
    select coalesce(pg_catalog.min(o.number) filter (where o.at >= v_before) - 1, pg_catalog.max(o.number)) into v_number
    from (
      select a.number, a.at from holdfast.audit a where a.tenant_id = v_tenant order by a.number limit p_lines
    ) o;
    continue when v_number is null;
    -- Each step adds a line itself: one of a few lines waits for a day, and for something else than such lines.
    select pg_catalog.count(*), pg_catalog.bool_or(a.operation <> 'audit.checkpoint') into v_count, v_worth
    from holdfast.audit a where a.tenant_id = v_tenant and a.number <= v_number;
    continue when v_count = 0 or not v_worth or (v_count < p_lines and v_cleaned_at > v_now - v_day);
    perform from holdfast.audit_heads h where h.tenant_id = v_tenant for update skip locked;
    continue when not found;
    -- Another worker may have been here since.
    select a.hash into v_hash from holdfast.audit a where a.tenant_id = v_tenant and a.number = v_number;
    continue when not found;
    perform pg_catalog.set_config('hf.tenant', v_tenant::text, true);
    perform holdfast.write_audit('audit.checkpoint', 'retention', '/v1/audit', pg_catalog.json_build_object(
      'by', pg_catalog.json_build_object('type', 'system', 'roles', '[]'::json, 'name', null),
      'from', null, 'requestId', '', 'before', null, 'after', null, 'outcome', 'done',
      'detail', pg_catalog.json_build_object('number', v_number, 'hash', v_hash, 'count', v_count))::text);
    insert into holdfast.audit_checkpoints (tenant_id, number, hash, count, at)
      values (v_tenant, v_number, v_hash, v_count, v_now)
      on conflict (tenant_id) do update
        set number = excluded.number, hash = excluded.hash, count = excluded.count, at = excluded.at;
    delete from holdfast.audit a where a.tenant_id = v_tenant and a.number <= v_number;
    return v_count;
  end loop;
  return 0;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.set_audit_days to holdfast_api;
grant execute on function holdfast.clean_audit to holdfast_worker;
