-- One line, in the tenant in whose scope the transaction is; it stands or falls with what else the transaction does.
-- Ask last: the lock on the head is held until the transaction ends. `verifyAudit` in core recomputes the hash.
create function holdfast.write_audit(p_operation text, p_actor text, p_target text, p_line text) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_number bigint;
  v_hash text;
  v_at bigint;
begin
  if v_tenant is null then
    raise exception 'an audit line needs a tenant' using errcode = '42501';
  end if;
  -- What is hashed is joined by line breaks: nothing but the last part may have any.
  if pg_catalog.concat(p_operation, p_actor, p_target) ~ '\n' then
    raise exception 'operation, actor and target of an audit line are one line' using errcode = '22023';
  end if;
  insert into holdfast.audit_heads (tenant_id) values (v_tenant) on conflict do nothing;
  select h.number + 1, h.hash into v_number, v_hash
    from holdfast.audit_heads h where h.tenant_id = v_tenant for update;
  v_at := holdfast.now_ms();
  v_hash := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
    pg_catalog.concat_ws(E'\n', v_hash, v_tenant, v_number, v_at, p_operation, p_actor, p_target, p_line), 'UTF8')), 'hex');
  insert into holdfast.audit (tenant_id, number, at, operation, actor, target, line, hash)
    values (v_tenant, v_number, v_at, p_operation, p_actor, p_target, p_line, v_hash);
  update holdfast.audit_heads h set number = v_number, hash = v_hash where h.tenant_id = v_tenant;
  return v_number;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.write_audit to holdfast_api;
