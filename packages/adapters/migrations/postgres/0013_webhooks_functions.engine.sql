-- Webhooks. Rows are locked in this order: run, webhook, cursor, due. What an append may wait for is one statement long.

-- For tenants with webhooks, in the append's own transaction: what is to be sent. `p_expected`: the heads the events
-- were built on.
create function holdfast.append_webhooks(
  p_tenants uuid[], p_runs uuid[], p_expected integer[], p_items integer[], p_types text[], p_accepted integer[]
) returns void
  language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  with happened as (
    select p_tenants[e.item] as tenant_id, p_runs[e.item] as run_id, e.type,
      p_expected[e.item] + (pg_catalog.row_number() over (partition by e.item order by e.ord))::integer as seq
    from rows from (pg_catalog.unnest(p_items), pg_catalog.unnest(p_types)) with ordinality as e (item, type, ord)
    where e.item = any (p_accepted)
  ), wanted as (
    select w.tenant_id, w.id as webhook_id, h.run_id, pg_catalog.min(h.seq) as first, pg_catalog.max(h.seq) as last
    from happened h
    join holdfast.webhooks w on w.tenant_id = h.tenant_id and h.type = any (w.types)
    join holdfast.runs r on r.id = h.run_id
    where w.agent is null or w.agent = r.agent
    group by w.tenant_id, w.id, h.run_id
  ), noted as (
    insert into holdfast.webhook_cursors as c (id, tenant_id, webhook_id, run_id, next_seq, last_seq, last_at)
    select holdfast.webhook_cursor_id(w.webhook_id, w.run_id), w.tenant_id, w.webhook_id, w.run_id, w.first, w.last,
      holdfast.now_ms()
    from wanted w
    order by w.run_id, w.webhook_id
    on conflict (id) do update
      -- What came before and was not wanted then is not sent later.
      set next_seq = case when c.next_seq > c.last_seq then excluded.next_seq else c.next_seq end,
          last_seq = excluded.last_seq, last_at = excluded.last_at
    returning c.id, c.tenant_id
  )
  -- Also for one that is disabled: whoever enables it cannot see what is not committed. One that waits to be tried again
  -- goes on waiting.
  insert into holdfast.due (kind, subject, tenant_id, at)
  select 'webhook', n.id, n.tenant_id, holdfast.now_ms() from noted n order by n.id
  on conflict (kind, subject) do nothing;
end
$$;

create function holdfast.webhook_cursor_id(p_webhook uuid, p_run uuid) returns uuid
  language sql immutable
  as $$ select pg_catalog.md5(p_webhook::text operator(pg_catalog.||) p_run::text)::uuid $$;

-- With a run that is deleted.
create function holdfast.erase_webhook_cursors(p_runs uuid[]) returns void
  language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  with gone as (
    delete from holdfast.webhook_cursors c where c.run_id = any (p_runs) returning c.id
  )
  delete from holdfast.due d using gone g where d.kind = 'webhook' and d.subject = g.id;
  delete from holdfast.webhook_deliveries d where d.run_id = any (p_runs);
end
$$;

-- Deletes a webhook of the tenant in whose scope the transaction is, with all that is kept about it.
create function holdfast.delete_webhook(p_id uuid) returns boolean
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  delete from holdfast.webhooks w where w.tenant_id = v_tenant and w.id = p_id;
  if not found then
    return false;
  end if;
  with gone as (
    delete from holdfast.webhook_cursors c where c.webhook_id = p_id and c.tenant_id = v_tenant returning c.id
  )
  delete from holdfast.due d using gone g where d.kind = 'webhook' and d.subject = g.id;
  delete from holdfast.webhook_deliveries d where d.tenant_id = v_tenant and d.webhook_id = p_id;
  return true;
end
$$;

-- Enables a webhook: it goes on where it stopped, with everything at once.
create function holdfast.enable_webhook(p_id uuid) returns void
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  update holdfast.webhooks w
  set disabled_because = null, disabled_at = null, failures = 0, failing_since = null, version = w.version + 1,
      updated_at = holdfast.now_ms()
  where w.tenant_id = v_tenant and w.id = p_id and w.disabled_because is not null;
  if not found then
    return;
  end if;
  with waiting as (
    update holdfast.webhook_cursors c set attempts = 0, first_failed_at = null
    where c.webhook_id = p_id and c.tenant_id = v_tenant and c.next_seq <= c.last_seq
    returning c.id
  )
  insert into holdfast.due (kind, subject, tenant_id, at)
  select 'webhook', w.id, v_tenant, holdfast.now_ms() from waiting w order by w.id
  on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
end
$$;

-- Sends again: all of one run, or of the runs that the webhook was told of since a time (ms), what happened from then
-- on. Returns how many runs; null when they are more than the limit, and then nothing is changed.
create function holdfast.rewind_webhook(p_id uuid, p_run uuid, p_since bigint, p_limit integer) returns integer
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_webhook holdfast.webhooks;
  v_runs uuid[];
  v_count integer;
begin
  select * into v_webhook from holdfast.webhooks w where w.tenant_id = v_tenant and w.id = p_id for share;
  if not found then
    return 0;
  end if;
  if p_run is not null then
    v_runs := array[p_run];
  else
    select coalesce(pg_catalog.array_agg(c.run_id), '{}') into v_runs from (
      select c.run_id from holdfast.webhook_cursors c
      where c.webhook_id = p_id and c.tenant_id = v_tenant and c.last_at >= p_since limit p_limit + 1
    ) c;
    if pg_catalog.cardinality(v_runs) > p_limit then
      return null;
    end if;
  end if;
  -- Nothing is appended meanwhile, nor deleted.
  perform from holdfast.runs r where r.id = any (v_runs) and r.tenant_id = v_tenant order by r.id for share;
  with wanted as (
    select r.id as run_id, e.first, e.last
    from holdfast.runs r, lateral (
      select pg_catalog.min(e.seq) as first, pg_catalog.max(e.seq) as last
      from holdfast.run_events e
      where e.run_id = r.id and e.seq > coalesce(r.forked_at, 0) and e.at >= coalesce(p_since, 0)
        and e.type = any (v_webhook.types)
    ) e
    where r.id = any (v_runs) and r.tenant_id = v_tenant and e.first is not null
      and (v_webhook.agent is null or v_webhook.agent = r.agent)
  ), rewound as (
    insert into holdfast.webhook_cursors as c (id, tenant_id, webhook_id, run_id, next_seq, last_seq, last_at)
    select holdfast.webhook_cursor_id(p_id, w.run_id), v_tenant, p_id, w.run_id, w.first, w.last, holdfast.now_ms()
    from wanted w
    order by w.run_id
    on conflict (id) do update
      set next_seq = least(c.next_seq, excluded.next_seq), last_seq = greatest(c.last_seq, excluded.last_seq),
          attempts = 0, first_failed_at = null, rewinds = c.rewinds + 1
    returning c.id
  )
  insert into holdfast.due (kind, subject, tenant_id, at)
  select 'webhook', r.id, v_tenant, holdfast.now_ms() from rewound r order by r.id
  on conflict (kind, subject) do update set at = excluded.at, reserved_until = null, attempts = 0;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- An attempt that has ended: its line in the log of deliveries and, where it was made for a cursor, how far that is.
-- `p_moves_to`: the cursor's next event; null = it stays. `p_disable`: why no further attempt is made, or null.
create function holdfast.save_webhook_attempt(
  p_webhook uuid, p_cursor uuid, p_rewinds integer, p_moves_to integer, p_disable text,
  p_id uuid, p_run uuid, p_seq integer, p_type text, p_message text, p_trigger text, p_state text, p_attempt integer,
  p_at bigint, p_ms integer, p_status integer, p_error text, p_response text, p_retry_at bigint
) returns void
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
begin
  if p_run is not null then
    -- Kept until the line is there, so that a deletion of the run removes it, too.
    perform from holdfast.runs r where r.id = p_run and r.tenant_id = v_tenant for key share;
    if not found then
      return;
    end if;
  end if;
  if p_state = 'delivered' then
    update holdfast.webhooks w set failures = 0, failing_since = null
    where w.tenant_id = v_tenant and w.id = p_webhook and w.failures > 0 and p_trigger <> 'test';
    perform from holdfast.webhooks w where w.tenant_id = v_tenant and w.id = p_webhook for key share;
  elsif p_trigger = 'event' then
    update holdfast.webhooks w
    set failures = w.failures + 1, failing_since = coalesce(w.failing_since, p_at),
        disabled_because = coalesce(w.disabled_because, p_disable),
        disabled_at = case when p_disable is null then w.disabled_at else coalesce(w.disabled_at, holdfast.now_ms()) end
    where w.tenant_id = v_tenant and w.id = p_webhook;
  else
    perform from holdfast.webhooks w where w.tenant_id = v_tenant and w.id = p_webhook for key share;
  end if;
  if not found then
    return;
  end if;
  if p_cursor is not null then
    update holdfast.webhook_cursors c
    set next_seq = coalesce(p_moves_to, c.next_seq),
        attempts = case when p_moves_to is null then c.attempts + 1 else 0 end,
        first_failed_at = case when p_moves_to is null then coalesce(c.first_failed_at, p_at) end
    where c.id = p_cursor and c.tenant_id = v_tenant and c.webhook_id = p_webhook and c.rewinds = p_rewinds
      and c.next_seq <= p_seq;
  end if;
  insert into holdfast.webhook_deliveries
    (tenant_id, webhook_id, id, run_id, seq, type, message, trigger, state, attempt, at, ms, status, error, response,
     retry_at)
  values (v_tenant, p_webhook, p_id, p_run, p_seq, p_type, p_message, p_trigger, p_state, p_attempt, p_at, p_ms, p_status,
    p_error, p_response, p_retry_at);
end
$$;

-- Nothing is wanted any more before that event.
create function holdfast.skip_webhook(p_cursor uuid, p_rewinds integer, p_next integer) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.webhook_cursors c set next_seq = greatest(c.next_seq, p_next)
  where c.id = p_cursor and c.tenant_id = nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid
    and c.rewinds = p_rewinds;
end
$$;

-- Takes the cursor out of the outbox, unless there is more to send. False: there is.
create function holdfast.rest_webhook(p_cursor uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_tenant constant uuid := nullif(pg_catalog.current_setting('hf.tenant', true), '')::uuid;
  v_cursor holdfast.webhook_cursors;
  v_enabled boolean;
begin
  -- An append that notes more has this row, too.
  select * into v_cursor from holdfast.webhook_cursors c where c.id = p_cursor and c.tenant_id = v_tenant for update;
  if found then
    select w.disabled_because is null into v_enabled from holdfast.webhooks w
    where w.tenant_id = v_tenant and w.id = v_cursor.webhook_id;
    if not found then
      -- Noted while the webhook was being deleted.
      delete from holdfast.webhook_cursors c where c.id = p_cursor;
    elsif v_enabled and v_cursor.next_seq <= v_cursor.last_seq then
      return false;
    end if;
  end if;
  delete from holdfast.due d where d.kind = 'webhook' and d.subject = p_cursor and d.tenant_id = v_tenant;
  return true;
end
$$;

-- Deletes at most so many lines, of any tenant, that are older than the given time; returns how many.
create function holdfast.clean_deliveries(p_before bigint, p_limit integer) returns integer
  language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  v_deleted integer;
begin
  delete from holdfast.webhook_deliveries d
  using (
    select tenant_id, webhook_id, id from holdfast.webhook_deliveries where at < p_before order by at limit p_limit
  ) old
  where d.tenant_id = old.tenant_id and d.webhook_id = old.webhook_id and d.id = old.id;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.delete_webhook, holdfast.enable_webhook, holdfast.rewind_webhook to holdfast_api;
grant execute on function holdfast.save_webhook_attempt to holdfast_api, holdfast_worker;
grant execute on function holdfast.skip_webhook, holdfast.rest_webhook, holdfast.clean_deliveries to holdfast_worker;
