-- Logins of browsers: whoever has the hash of a cookie has the session.

create function holdfast.create_session(
  p_hash text, p_issuer text, p_subject text, p_sid text, p_key_id text, p_nonce text, p_ciphertext text,
  p_issued_at bigint, p_access_expires_at bigint, p_expires_at bigint
) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into holdfast.sessions
    (hash, issuer, subject, sid, key_id, nonce, ciphertext, issued_at, access_expires_at, expires_at)
  values (p_hash, p_issuer, p_subject, p_sid, p_key_id, p_nonce, p_ciphertext, p_issued_at, p_access_expires_at, p_expires_at);
end
$$;

create function holdfast.find_session(p_hash text) returns table (
  issuer text, subject text, sid text, key_id text, nonce text, ciphertext text, version integer, issued_at bigint,
  access_expires_at bigint, created_at bigint, expires_at bigint)
  language plpgsql security definer set search_path = ''
as $$
begin
  return query
    select s.issuer, s.subject, s.sid, s.key_id, s.nonce, s.ciphertext, s.version, s.issued_at, s.access_expires_at,
      s.created_at, s.expires_at
    from holdfast.sessions s where s.hash = p_hash and s.expires_at > holdfast.now_ms();
end
$$;

-- Whether the caller alone may refresh this version, for so many ms. A refresh token is good once.
create function holdfast.reserve_session(p_hash text, p_version integer, p_ms bigint) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.sessions s set reserved_until = holdfast.now_ms() + p_ms
  where s.hash = p_hash and s.version = p_version and s.reserved_until <= holdfast.now_ms();
  return found;
end
$$;

create function holdfast.release_session(p_hash text, p_version integer) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.sessions s set reserved_until = 0 where s.hash = p_hash and s.version = p_version;
end
$$;

create function holdfast.save_session(
  p_hash text, p_version integer, p_key_id text, p_nonce text, p_ciphertext text, p_issued_at bigint,
  p_access_expires_at bigint, p_expires_at bigint
) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  update holdfast.sessions s
  set key_id = p_key_id, nonce = p_nonce, ciphertext = p_ciphertext, issued_at = p_issued_at,
    access_expires_at = p_access_expires_at, expires_at = p_expires_at, version = s.version + 1, reserved_until = 0
  where s.hash = p_hash and s.version = p_version;
  return found;
end
$$;

create function holdfast.end_session(p_hash text) returns boolean
  language plpgsql security definer set search_path = ''
as $$
begin
  delete from holdfast.sessions s where s.hash = p_hash;
  return found;
end
$$;

-- As the issuer asks: one session of it, or all of a person.
create function holdfast.end_sessions(p_issuer text, p_sid text, p_subject text) returns table (subject text)
  language plpgsql security definer set search_path = ''
as $$
begin
  return query
    delete from holdfast.sessions s
    where s.issuer = p_issuer and (p_sid is not null or p_subject is not null)
      and (p_sid is null or s.sid = p_sid) and (p_subject is null or s.subject = p_subject)
    returning s.subject;
end
$$;

-- Deletes at most so many sessions that are over; returns how many.
create function holdfast.clean_sessions(p_limit integer) returns integer
  language plpgsql security definer set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from holdfast.sessions s using (
    select hash from holdfast.sessions where expires_at <= holdfast.now_ms() order by expires_at limit p_limit
  ) old
  where s.hash = old.hash;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

revoke all on all functions in schema holdfast from public;
grant execute on function
  holdfast.create_session, holdfast.find_session, holdfast.reserve_session, holdfast.release_session,
  holdfast.save_session, holdfast.end_session, holdfast.end_sessions to holdfast_api;
grant execute on function holdfast.clean_sessions to holdfast_worker;
