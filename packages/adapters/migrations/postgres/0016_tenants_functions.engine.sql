-- Tenants, for the people of the platform. But for the list, all of it is about the tenant in whose scope the transaction is.

create function holdfast.list_tenants(p_after uuid, p_limit integer) returns setof holdfast.tenants
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return query
    select * from holdfast.tenants t where p_after is null or t.id > p_after order by t.id limit p_limit;
end
$$;

-- Tenants for which nothing begins, for the workers that hold runs of theirs.
create function holdfast.suspended_tenants() returns table (tenant_id uuid)
  language plpgsql security definer set search_path = ''
as $$
begin
  return query select u.id from pg_catalog.unnest(holdfast.suspended()) as u (id);
end
$$;

-- Makes the tenant whose id is the scope. Outcome: made, name or external_id (another tenant has it).
create function holdfast.create_tenant(p_name text, p_slots integer, p_weight integer, p_external_id text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  if v_tenant is null then
    raise exception 'a tenant is made in its own scope' using errcode = '42501';
  end if;
  insert into holdfast.tenants (id, name, slots, weight, external_id)
  values (v_tenant, p_name, p_slots, p_weight, p_external_id)
  on conflict do nothing;
  if found then
    return 'made';
  end if;
  return case when exists (select from holdfast.tenants t where t.name = p_name) then 'name' else 'external_id' end;
end
$$;

-- The row, locked until the transaction ends.
create function holdfast.lock_tenant() returns setof holdfast.tenants
  language plpgsql security definer set search_path = ''
as $$
begin
  return query
    select * from holdfast.tenants t
    where t.id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid for update;
end
$$;

-- Lock it first. False when another tenant has the name.
create function holdfast.change_tenant(p_name text, p_slots integer, p_weight integer) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.tenants t set name = p_name, slots = p_slots, weight = p_weight
  where t.id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  return true;
exception when unique_violation then
  return false;
end
$$;

-- Nothing begins from now on; runs that are held are let go by their workers. Lock it first.
create function holdfast.suspend_tenant() returns void
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set suspended_at = holdfast.now_ms() where t.id = v_tenant and t.suspended_at is null;
  -- They keep no slot. What somebody has at this moment is looked at where it is picked and claimed.
  update holdfast.due d set admitted = false, reserved_until = null
  from (
    select subject from holdfast.due
    where kind = 'run' and admitted and tenant_id = v_tenant order by subject for update skip locked
  ) a
  where d.kind = 'run' and d.subject = a.subject;
end
$$;

-- All goes on where it stood. Lock it first. False while it is to be deleted.
create function holdfast.resume_tenant() returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set suspended_at = null where t.id = v_tenant and t.delete_at is null;
  return found;
end
$$;

-- Suspends it, and has it erased from that time on. Lock it first. False once the erasure has begun.
create function holdfast.delete_tenant(p_at bigint) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set delete_at = p_at where t.id = v_tenant and t.erasing_since is null;
  if not found then
    return false;
  end if;
  perform holdfast.suspend_tenant();
  insert into holdfast.due (kind, subject, tenant_id, at) values ('erasure', v_tenant, v_tenant, p_at)
  on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
  return true;
end
$$;

-- It stays after all, and stays suspended. Lock it first. False once the erasure has begun.
create function holdfast.keep_tenant() returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.tenants t set delete_at = null where t.id = v_tenant and t.erasing_since is null;
  if not found then
    return false;
  end if;
  delete from holdfast.due d where d.kind = 'erasure' and d.subject = v_tenant;
  return true;
end
$$;

-- One line of the platform's own chain. Ask last: the head is locked until the transaction ends. `verifyPlatformAudit` in
-- core recomputes the hash.
create function holdfast.write_platform_audit(p_operation text, p_line text) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  v_number bigint;
  v_hash text;
  v_at bigint;
begin
  select h.number + 1, h.hash into v_number, v_hash from holdfast.platform_audit_head h for update;
  v_at := holdfast.now_ms();
  v_hash := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
    pg_catalog.concat_ws(E'\n', v_hash, v_number, v_at, p_operation, p_line), 'UTF8')), 'hex');
  insert into holdfast.platform_audit (number, at, operation, line, hash)
    values (v_number, v_at, p_operation, p_line, v_hash);
  update holdfast.platform_audit_head h set number = v_number, hash = v_hash where h.one;
  return v_number;
end
$$;

-- Every table with rows of tenants, by the catalog, those first to which no other refers. `found_by_tenant`: an index begins
-- with the tenant.
create function holdfast.tables_of_tenants() returns table (name text, found_by_tenant boolean)
  language plpgsql stable set search_path = ''
as $$
begin
  return query
    with recursive tables as (
      select c.oid, c.relname from pg_catalog.pg_class c
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relnamespace = 'holdfast'::pg_catalog.regnamespace and c.relkind in ('r', 'p')
    ), depths as (
      select t.oid, 0 as depth from tables t
      union
      select k.confrelid, d.depth + 1 from depths d
      join pg_catalog.pg_constraint k on k.conrelid = d.oid and k.contype = 'f' and k.confrelid <> k.conrelid
      where d.depth < 20
    )
    select t.relname::text, exists (
      select from pg_catalog.pg_index i
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = t.oid and i.indpred is null and a.attname = 'tenant_id')
    from tables t join depths d on d.oid = t.oid
    group by t.oid, t.relname order by pg_catalog.max(d.depth), t.relname;
end
$$;

-- Rows of the tenant that are left, by table; only tables that have any. Reads whole tables: for proofs.
create function holdfast.rests_of_tenant() returns table (name text, rows bigint)
  language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  for name in select t.name from holdfast.tables_of_tenants() t loop
    execute pg_catalog.format('select pg_catalog.count(*) from holdfast.%I where tenant_id = $1', name)
      into rows using v_tenant;
    if rows > 0 then
      return next;
    end if;
  end loop;
end
$$;

-- Adds to what is noted as gone.
create function holdfast.note_erased(p_erased jsonb, p_table text, p_rows bigint) returns jsonb
  language plpgsql immutable set search_path = ''
as $$
begin
  if p_rows = 0 then
    return p_erased;
  end if;
  return pg_catalog.jsonb_set(p_erased, array['rows', p_table],
    pg_catalog.to_jsonb(coalesce((p_erased #>> array['rows', p_table])::bigint, 0) + p_rows));
end
$$;

-- Deletes some rows of a tenant whose grace has ended, at most about so many. Outcome: more (call again), clean (nothing is
-- left but the tenant itself), held (workers still have runs), kept (it is not to be deleted, or not yet), gone.
create function holdfast.erase_tenant(p_rows integer) returns text
  language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_now constant bigint := holdfast.now_ms();
  v_left bigint := p_rows;
  v_delete_at bigint;
  v_erased jsonb;
  v_run uuid;
  v_tags text[];
  v_table text;
  v_found_by_tenant boolean;
  v_rows bigint;
begin
  select t.delete_at, t.erased::jsonb into v_delete_at, v_erased from holdfast.tenants t where t.id = v_tenant for update;
  if not found then
    return 'gone';
  elsif v_delete_at is null or v_delete_at > v_now then
    return 'kept';
  elsif exists (
    select from holdfast.runs r join holdfast.workers w on w.id = r.holder
    where r.tenant_id = v_tenant and r.holder is not null and w.lease_until >= v_now
  ) then
    return 'held';
  end if;
  update holdfast.tenants t set erasing_since = v_now where t.id = v_tenant and t.erasing_since is null;

  -- Run by run: tables of runs have no index by tenant.
  while v_left > 0 loop
    select r.id, r.tags into v_run, v_tags from holdfast.runs r where r.tenant_id = v_tenant order by r.id desc limit 1;
    exit when not found;
    delete from holdfast.run_events e
    where e.run_id = v_run and e.seq in (
      select o.seq from holdfast.run_events o where o.run_id = v_run order by o.seq desc limit v_left);
    get diagnostics v_rows = row_count;
    v_erased := holdfast.note_erased(v_erased, 'run_events', v_rows);
    v_left := v_left - v_rows;
    exit when v_left <= 0;
    foreach v_table in array array['snapshots', 'attention', 'artifacts', 'webhook_cursors', 'webhook_deliveries'] loop
      execute pg_catalog.format('delete from holdfast.%I where run_id = $1', v_table) using v_run;
      get diagnostics v_rows = row_count;
      v_erased := holdfast.note_erased(v_erased, v_table, v_rows);
      v_left := v_left - v_rows;
    end loop;
    delete from holdfast.run_tags g where g.tenant_id = v_tenant and g.tag = any (v_tags) and g.run_id = v_run;
    get diagnostics v_rows = row_count;
    v_erased := holdfast.note_erased(v_erased, 'run_tags', v_rows);
    delete from holdfast.runs r where r.id = v_run;
    v_erased := holdfast.note_erased(v_erased, 'runs', 1);
    v_left := v_left - v_rows - 1;
  end loop;

  -- Then table by table. One that is not found by tenant is read whole, once.
  for v_table, v_found_by_tenant in
    select t.name, t.found_by_tenant from holdfast.tables_of_tenants() t where not v_erased -> 'done' ? t.name
  loop
    exit when v_left <= 0;
    execute pg_catalog.format(
      case when v_found_by_tenant
        then 'delete from holdfast.%1$I where ctid = any (array('
          'select ctid from holdfast.%1$I where tenant_id = $1 limit $2))'
        else 'delete from holdfast.%1$I where tenant_id = $1' end
      || case when v_table = 'due' then ' and kind <> ''erasure''' else '' end, v_table)
      using v_tenant, v_left;
    get diagnostics v_rows = row_count;
    v_erased := holdfast.note_erased(v_erased, v_table, v_rows);
    if v_rows < v_left then
      v_erased := pg_catalog.jsonb_set(v_erased, '{done}', (v_erased -> 'done') || pg_catalog.to_jsonb(v_table));
    end if;
    v_left := v_left - v_rows;
  end loop;
  update holdfast.tenants t set erased = v_erased::text where t.id = v_tenant;
  return case when v_left <= 0 then 'more' else 'clean' end;
end
$$;

-- The end of a tenant that is clean: proves by the catalog that no table has a row of it, writes the line that says so, and
-- deletes the tenant. p_files: how many of its files were removed. Outcome: erased, rests (clean again), gone.
create function holdfast.finish_erasure(p_files bigint) returns text
  language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_row holdfast.tenants;
begin
  -- Whatever belongs to a tenant refers to it, or to what does: from now on there is nothing new.
  select * into v_row from holdfast.tenants t where t.id = v_tenant and t.erasing_since is not null for update;
  if not found then
    return 'gone';
  end if;
  delete from holdfast.due d where d.kind = 'erasure' and d.subject = v_tenant;
  if exists (select from holdfast.rests_of_tenant()) then
    update holdfast.tenants t set erased = pg_catalog.jsonb_set(t.erased::jsonb, '{done}', '[]')::text where t.id = v_tenant;
    insert into holdfast.due (kind, subject, tenant_id, at) values ('erasure', v_tenant, v_tenant, holdfast.now_ms());
    return 'rests';
  end if;
  delete from holdfast.tenants t where t.id = v_tenant;
  perform holdfast.write_platform_audit('tenants.erase', pg_catalog.json_build_object(
    'tenant', v_tenant,
    'by', pg_catalog.json_build_object('type', 'system', 'id', 'erasure', 'roles', '[]'::json),
    'requestId', '',
    'detail', pg_catalog.json_build_object(
      'name', v_row.name, 'external_id', v_row.external_id, 'created_at', v_row.created_at, 'delete_at', v_row.delete_at,
      'erasing_since', v_row.erasing_since, 'rows', (v_row.erased::jsonb) -> 'rows', 'files', p_files,
      'tables_without_a_row', (select pg_catalog.json_agg(t.name order by t.name) from holdfast.tables_of_tenants() t)))::text);
  return 'erased';
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function
  holdfast.list_tenants, holdfast.create_tenant, holdfast.lock_tenant, holdfast.change_tenant, holdfast.suspend_tenant,
  holdfast.resume_tenant, holdfast.delete_tenant, holdfast.keep_tenant, holdfast.write_platform_audit to holdfast_api;
grant execute on function holdfast.rests_of_tenant to holdfast_api, holdfast_worker;
grant execute on function holdfast.suspended_tenants, holdfast.erase_tenant, holdfast.finish_erasure to holdfast_worker;
