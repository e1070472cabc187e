-- A run whose log begins with a copy of another's first events, in the tenant in whose scope the transaction is. The
-- caller appends run.forked in the same transaction. False when the source's head is not the expected one, or when it
-- is live; its row is kept (shared) until the transaction ends, so that nothing begins there meanwhile.
-- What copied events used is not this run's: they bear no tokens and no cost.
create function holdfast.fork_run(
  p_tenant uuid, p_source uuid, p_head integer, p_at integer, p_run uuid, p_agent text, p_version_id uuid,
  p_version integer, p_attributes jsonb, p_metadata text, p_now bigint
) returns boolean
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  if p_tenant is distinct from nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid then
    raise exception 'the run belongs to another tenant than the transaction' using errcode = '42501';
  end if;
  perform from holdfast.runs r
  where r.id = p_source and r.tenant_id = p_tenant and r.head = p_head and p_at between 1 and p_head
    and r.status in ('paused', 'succeeded', 'failed', 'cancelled')
  for share;
  if not found then
    return false;
  end if;
  perform holdfast.insert_run(
    p_tenant, p_run, p_agent, p_version_id, p_version, p_attributes, p_metadata, p_at, 'queued', '[]', p_now);
  insert into holdfast.run_events (run_id, seq, tenant_id, type, format, at, call_id, payload)
  select p_run, e.seq, e.tenant_id, e.type, e.format, e.at, e.call_id, e.payload
  from holdfast.run_events e
  where e.run_id = p_source and e.tenant_id = p_tenant and e.seq <= p_at
  order by e.seq;
  return true;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.fork_run to holdfast_api;
