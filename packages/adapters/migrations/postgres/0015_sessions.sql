-- Logins of browsers. They belong to no tenant: a person chooses one for each request. Nobody reads them but functions.
create table holdfast.sessions (
  -- of the cookie, which is kept nowhere
  hash text primary key,
  issuer text not null,
  subject text not null,
  -- the session at the issuer; null = it does not say
  sid text,
  -- sealed: the tokens
  key_id text not null,
  nonce text not null,
  ciphertext text not null,
  -- grows with each refresh
  version integer not null default 1,
  -- of the access token
  issued_at bigint not null,
  access_expires_at bigint not null,
  -- somebody is refreshing, at most until then
  reserved_until bigint not null default 0,
  created_at bigint not null default holdfast.now_ms(),
  expires_at bigint not null
);
create index sessions_subject on holdfast.sessions (issuer, subject);
create index sessions_expiry on holdfast.sessions (expires_at);

alter table holdfast.sessions enable row level security;
alter table holdfast.sessions force row level security;
create policy engine on holdfast.sessions to holdfast_engine using (true) with check (true);
grant select, insert, update, delete on holdfast.sessions to holdfast_engine;
