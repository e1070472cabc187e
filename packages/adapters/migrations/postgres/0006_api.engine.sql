-- The API's way into the log: the same append, for one run of the tenant in whose scope the transaction is.
create function holdfast.append_in_scope(
  p_tenant uuid, p_run uuid, p_id uuid, p_expected integer, p_status text, p_waiting text, p_due bigint,
  p_types text[], p_formats integer[], p_ats bigint[], p_calls text[], p_models text[], p_tokens integer[], p_costs bigint[],
  p_payloads text, p_extras jsonb
) returns table (item integer, outcome text, head integer)
  language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
begin
  if p_tenant is distinct from nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid then
    return query select 1, 'missing', null::integer;
    return;
  end if;
  return query
    select a.item, a.outcome, a.head
    from holdfast.append(
      array[p_tenant], array[p_run], array[p_id], array[p_expected], array[null::text], array[null::text],
      array[null::text], array[false], array[p_status], array[p_waiting], array[p_due],
      pg_catalog.array_fill(1, array[pg_catalog.cardinality(p_types)]), p_types, p_formats, p_ats, p_calls, p_models, p_tokens,
      p_costs, p_payloads, p_extras) a;
end
$$;

-- The row of a run, before its log.
create function holdfast.insert_run(
  p_tenant uuid, p_run uuid, p_agent text, p_version_id uuid, p_version integer, p_attributes jsonb, p_metadata text,
  p_head integer, p_status text, p_waiting text, p_at bigint
) returns void
  language plpgsql set search_path = ''
as $$
begin
  insert into holdfast.runs
    (id, tenant_id, agent, version_id, version, agent_limit, model, tags, priority, concurrency_key, start_at, expires_at,
     thread_id, starter, parent_id, parent_call, forked_from, forked_at, metadata, created_at, head, status, waiting_for,
     updated_at)
  select p_run, p_tenant, p_agent, p_version_id, p_version, a.agent_limit, a.model, a.tags, a.priority, a.concurrency_key,
    a.start_at, a.expires_at, a.thread_id, coalesce(a.starter, ''), a.parent_id, a.parent_call, a.forked_from, a.forked_at,
    p_metadata, p_at, p_head, p_status, p_waiting, p_at
  from pg_catalog.jsonb_to_record(p_attributes) as a (
    agent_limit integer, model text, tags text[], priority smallint, concurrency_key text, start_at bigint, expires_at bigint,
    thread_id uuid, starter text, parent_id uuid, parent_call text, forked_from uuid, forked_at integer);
end
$$;

-- A run with its first events, in the tenant in whose scope the transaction is.
create function holdfast.create_run(
  p_tenant uuid, p_run uuid, p_agent text, p_version_id uuid, p_version integer, p_attributes jsonb, p_metadata text,
  p_id uuid, p_status text, p_waiting text, p_due bigint,
  p_types text[], p_formats integer[], p_ats bigint[], p_calls text[], p_models text[], p_tokens integer[], p_costs bigint[],
  p_payloads text, p_extras jsonb
) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if p_tenant is distinct from nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid then
    raise exception 'the run belongs to another tenant than the transaction' using errcode = '42501';
  end if;
  perform holdfast.insert_run(
    p_tenant, p_run, p_agent, p_version_id, p_version, p_attributes, p_metadata, pg_catalog.cardinality(p_types),
    p_status, p_waiting, p_ats[1]);
  insert into holdfast.run_events
    (run_id, seq, tenant_id, type, format, at, call_id, model, tokens, cost_usd_micros, append_id, payload)
  select p_run, e.ord, p_tenant, e.type, e.format, e.at, e.call_id, e.model, e.tokens, e.cost, case when e.ord = 1 then p_id end,
    e.payload
  from rows from (
    pg_catalog.unnest(p_types), pg_catalog.unnest(p_formats), pg_catalog.unnest(p_ats), pg_catalog.unnest(p_calls),
    pg_catalog.unnest(p_models), pg_catalog.unnest(p_tokens), pg_catalog.unnest(p_costs),
    pg_catalog.string_to_table(p_payloads, E'\x1e')
  ) with ordinality as e (type, format, at, call_id, model, tokens, cost, payload, ord);
  if p_due is not null then
    insert into holdfast.due (kind, subject, tenant_id, agent, agent_limit, model, priority, concurrency_key, at)
    select 'run', p_run, p_tenant, p_agent, a.agent_limit, a.model, a.priority, a.concurrency_key, p_due
    from pg_catalog.jsonb_to_record(p_attributes) as a (
      agent_limit integer, model text, priority smallint, concurrency_key text, thread_id uuid)
    -- A run that waits for its turn in a thread is not due.
    where a.thread_id is null or exists (
      select from holdfast.threads t where t.tenant_id = p_tenant and t.id = a.thread_id and t.active_run = p_run);
  end if;
  if p_extras is not null then
    perform holdfast.append_extras(array[p_tenant], array[p_run], p_extras, array[1]);
  end if;
  if exists (select from holdfast.webhooks w where w.tenant_id = p_tenant) then
    perform holdfast.append_webhooks(
      array[p_tenant], array[p_run], array[0], pg_catalog.array_fill(1, array[pg_catalog.cardinality(p_types)]), p_types,
      array[1]);
  end if;
end
$$;

-- The run's row, locked until the transaction ends.
create function holdfast.lock_run(p_run uuid) returns table (head integer, holder text, version_id uuid)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
begin
  return query
    select r.head, r.holder, r.version_id from holdfast.runs r
    where r.id = p_run and r.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid
    for update;
end
$$;

-- Heads of many runs of many tenants, for the open streams of one process.
create function holdfast.run_heads(p_tenants uuid[], p_runs uuid[])
  returns table (tenant_id uuid, run_id uuid, head integer)
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
begin
  return query
    select r.tenant_id, r.id, r.head
    from rows from (pg_catalog.unnest(p_tenants), pg_catalog.unnest(p_runs)) as h (tenant_id, run_id)
    join holdfast.runs r on r.id = h.run_id and r.tenant_id = h.tenant_id;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function
  holdfast.append_in_scope, holdfast.create_run, holdfast.lock_run, holdfast.run_heads to holdfast_api;
