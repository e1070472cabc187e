-- Runs before the migrations each time, as the login that migrates. Makes the roles that are missing, where it may,
-- and makes the login a member of them, so that SET ROLE stands in where there is one login for everything.
--
--   holdfast_owner   owns the tables
--   holdfast_engine  no login; owns the security-definer functions
--   holdfast_api     reads inside one tenant; writes agents and idempotency keys, all else through functions
--   holdfast_worker  reads inside one tenant; writes through functions only
do $$
declare
  wanted text;
begin
  foreach wanted in array array['holdfast_owner', 'holdfast_engine', 'holdfast_api', 'holdfast_worker'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      begin
        execute pg_catalog.format('create role %I nologin nosuperuser nobypassrls', wanted);
      exception when duplicate_object or unique_violation then
        null; -- another database of this server is being set up at the same moment
      end;
    end if;
    if current_user <> wanted and not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
      begin
        execute pg_catalog.format('grant %I to %I', wanted, current_user);
      exception when insufficient_privilege then
        null; -- an administrator granted what is needed, or SET ROLE will say what is missing
      end;
    end if;
  end loop;
end
$$;
