-- Deletes some of the uploads that are over; returns how many.
create function holdfast.clean_uploads(p_limit integer) returns integer
  language plpgsql security definer set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from holdfast.uploads u
  using (
    select tenant_id, id from holdfast.uploads where expires_at < holdfast.now_ms() order by expires_at limit p_limit
  ) old
  where u.tenant_id = old.tenant_id and u.id = old.id;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function holdfast.clean_uploads to holdfast_worker;
