-- When the installation was exported to go on elsewhere; null = it goes on here.
alter table holdfast.installation add column moved_at bigint;

-- The export gives every table that it reads a trigger that calls this: processes that run on notice too, and what they
-- write would be missing where the installation goes on. 25006: as a database that takes no writes.
create function holdfast.refuse_moved() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  raise exception 'this installation was exported and goes on elsewhere' using errcode = '25006';
end
$$;

revoke all on function holdfast.refuse_moved() from public;
-- Whoever revokes from all functions must have something on each.
grant execute on function holdfast.refuse_moved() to holdfast_engine;
