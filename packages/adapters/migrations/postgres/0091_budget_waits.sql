-- The run waits for a price, not for room. Its `tokens` and `cost` are 0.
alter table holdfast.budget_waits add column unpriced boolean not null default false;

-- The window of that moment. An hour has 60 minutes, whatever the clocks do; days and months end when they end there. Where
-- the clocks skip midnight a day begins at one o'clock, and the next one all the same at midnight.
create or replace function holdfast.window_of(p_period text, p_time_zone text, p_at bigint)
  returns table (starts_at bigint, ends_at bigint)
  language plpgsql stable set search_path = ''
as $$
declare
  v_at constant timestamptz := pg_catalog.to_timestamp(p_at / 1000.0);
  v_start timestamptz;
  v_end timestamptz;
begin
  if p_period = 'total' then
    return query select 0::bigint, null::bigint;
    return;
  end if;
  v_start := pg_catalog.date_trunc(p_period, v_at, p_time_zone);
  v_end := case p_period
    when 'hour' then v_start + interval '1 hour'
    else pg_catalog.timezone(p_time_zone,
      pg_catalog.date_trunc(p_period, pg_catalog.timezone(p_time_zone, v_start)) + ('1 ' || p_period)::interval)
  end;
  return query select (extract(epoch from v_start) * 1000)::bigint, (extract(epoch from v_end) * 1000)::bigint;
end
$$;
