-- What the erasure of a tenant deletes: every table with rows of tenants. The last of the migrations, so that it finds those
-- of all others; a table that comes later brings its own policy and its own grants, or a test fails.
do $$
declare
  v_table name;
begin
  for v_table in
    select c.relname from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'holdfast'::pg_catalog.regnamespace and c.relkind in ('r', 'p')
  loop
    if not exists (select from pg_catalog.pg_policies p where p.schemaname = 'holdfast' and p.tablename = v_table
      and p.policyname = 'engine') then
      execute pg_catalog.format(
        'create policy engine on holdfast.%I to holdfast_engine using (true) with check (true)', v_table);
    end if;
    execute pg_catalog.format('grant select, delete on holdfast.%I to holdfast_engine', v_table);
  end loop;
end
$$;
