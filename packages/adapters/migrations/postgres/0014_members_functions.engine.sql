-- Whoever bears a good token enters a tenant: the tenant that the issuer means, and the member, made at the first time.
-- In a database that takes no writes whoever is known is let in, and nothing is noted. A suspended tenant has no member here.
create function holdfast.enter(
  p_issuer text, p_subject text, p_kind text, p_name text, p_email text,
  p_external_id text, p_tenant_name text,
  -- runs at once of a tenant that is made; null = none is made
  p_slots integer,
  -- only this tenant; null = any
  p_only uuid,
  -- ids for what is made
  p_new_tenant uuid, p_new_member uuid
) returns table (
  tenant_id uuid, id uuid, kind text, issuer text, subject text, name text, email text, roles text,
  disabled_at bigint, created_at bigint, last_seen_at bigint
)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  v_tenant holdfast.tenants;
  v_member holdfast.members;
  v_minute bigint := holdfast.now_ms() / 60000 * 60000;
  v_writes boolean := pg_catalog.current_setting('transaction_read_only') = 'off';
begin
  -- What an issuer calls a tenant for ever wins over its name. What has no such id may be meant by either.
  select t.* into v_tenant from holdfast.tenants t where t.external_id = coalesce(p_external_id, p_tenant_name);
  if not found then
    select t.* into v_tenant from holdfast.tenants t
      where t.name = p_tenant_name and (t.external_id is null or p_external_id is null);
    if not found and p_slots is not null and p_only is null and v_writes then
      insert into holdfast.tenants as t (id, name, slots, external_id)
        values (p_new_tenant, p_tenant_name, p_slots, p_external_id)
        on conflict do nothing;
      -- Another may have been faster; another tenant of this name stays what it is.
      select t.* into v_tenant from holdfast.tenants t
        where t.name = p_tenant_name and t.external_id is not distinct from p_external_id;
    end if;
  end if;
  if v_tenant.id is null or v_tenant.id <> p_only then
    return;
  elsif v_tenant.suspended_at is not null then
    tenant_id := v_tenant.id;
    return next;
    return;
  end if;
  -- A tenant that was made here belongs to the first organization of its name.
  if v_tenant.external_id is null and p_external_id is not null and v_writes then
    update holdfast.tenants t set external_id = p_external_id where t.id = v_tenant.id and t.external_id is null;
  end if;

  select m.* into v_member from holdfast.members m
    where m.tenant_id = v_tenant.id and m.issuer = p_issuer and m.subject = p_subject;
  if not found and v_writes then
    insert into holdfast.members as m (tenant_id, id, kind, issuer, subject, name, email, last_seen_at)
      values (v_tenant.id, p_new_member, p_kind, p_issuer, p_subject, p_name, p_email, v_minute)
      on conflict (tenant_id, issuer, subject) do update set last_seen_at = excluded.last_seen_at
      returning m.* into v_member;
  elsif v_writes and v_member.disabled_at is null
    and row (v_member.kind, v_member.name, v_member.email, v_member.last_seen_at)
      is distinct from row (p_kind, p_name, p_email, v_minute)
  then
    -- Nobody waits for a lock to be seen.
    update holdfast.members m set kind = p_kind, name = p_name, email = p_email, last_seen_at = v_minute
      where (m.tenant_id, m.id) in (
        select o.tenant_id, o.id from holdfast.members o
        where o.tenant_id = v_tenant.id and o.id = v_member.id for update skip locked);
    select m.* into v_member from holdfast.members m where m.tenant_id = v_tenant.id and m.id = v_member.id;
  end if;
  if v_member.id is null then
    return;
  end if;
  return query select v_tenant.id, v_member.id, v_member.kind, v_member.issuer, v_member.subject,
    v_member.name, v_member.email, v_member.roles, v_member.disabled_at, v_member.created_at, v_member.last_seen_at;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.enter to holdfast_api;
