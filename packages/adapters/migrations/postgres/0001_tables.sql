-- All times are milliseconds since 1970 by the database's clock.

create function holdfast.now_ms() returns bigint
  language sql volatile parallel safe
  as $$ select pg_catalog.floor(extract(epoch from pg_catalog.clock_timestamp()) * 1000)::bigint $$;

create table holdfast.installation (
  id uuid not null default pg_catalog.gen_random_uuid(),
  created_at bigint not null default holdfast.now_ms(),
  -- the Postgres cluster that these tables were in when a worker last began; null = none has, '' = nobody could tell
  cluster text,
  -- INSTALLATION_ID of the worker that last began with one; null = none has, and it goes by its id
  configured text,
  -- the log may know less than happened: nothing begins for the tenants of that time until it is thawed
  frozen_at bigint,
  frozen_because text,
  one boolean primary key default true check (one)
);
insert into holdfast.installation default values;

create table holdfast.tenants (
  id uuid primary key,
  name text not null unique,
  -- runs at once
  slots integer not null check (slots >= 0),
  -- runs that ended longer ago are deleted; null = never
  retention_days integer check (retention_days > 0),
  -- what the OIDC issuer calls it for ever; null = it is known by its name
  external_id text unique,
  -- nobody is let in and nothing is begun
  suspended_at bigint,
  -- nothing is begun, since its log may know less than happened
  frozen_at bigint,
  -- its share of admissions beside other tenants'
  weight integer not null default 1 check (weight between 1 and 1000),
  -- turn order of admissions: the lowest goes next, and grows by 1,000,000 / weight
  pass bigint not null default 0,
  created_at bigint not null default holdfast.now_ms()
) with (fillfactor = 50);

create index tenants_suspended on holdfast.tenants (id) where suspended_at is not null or frozen_at is not null;

-- The pass at which the last admission was made: a tenant that comes back starts there, not where it left.
create table holdfast.turn (
  pass bigint not null default 0,
  one boolean primary key default true check (one)
) with (fillfactor = 10);
insert into holdfast.turn default values;

create table holdfast.api_keys (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  name text not null,
  -- JSON text, a list
  roles text not null,
  -- SHA-256, hex
  secret_hash text not null,
  -- the secret before the last rotation, and until when it is good
  previous_hash text,
  previous_until bigint,
  expires_at bigint,
  revoked_at bigint,
  -- to the minute
  last_used_at bigint,
  created_at bigint not null default holdfast.now_ms(),
  primary key (tenant_id, id)
);

create table holdfast.agents (
  tenant_id uuid not null references holdfast.tenants,
  name text not null,
  latest integer not null default 0,
  -- of the latest version
  description text not null default '',
  created_at bigint not null default holdfast.now_ms(),
  primary key (tenant_id, name)
);

create table holdfast.versions (
  id uuid primary key,
  tenant_id uuid not null,
  agent text not null,
  number integer not null check (number > 0),
  -- JSON text: what runs read
  body text not null,
  -- JSON text: as it was sent
  spec text not null,
  hash text not null,
  created_at bigint not null default holdfast.now_ms(),
  unique (tenant_id, id),
  unique (tenant_id, agent, number),
  foreign key (tenant_id, agent) references holdfast.agents (tenant_id, name)
);

-- Tool servers that tenants registered; those over stdio stand in the platform's file.
create table holdfast.tool_servers (
  tenant_id uuid not null references holdfast.tenants,
  name text not null,
  -- mcp, request, openapi
  type text not null,
  url text not null,
  -- JSON text
  spec text not null,
  -- JSON text: the tools it listed when it was registered
  listing text,
  -- counts from 1
  version integer not null,
  updated_at bigint not null,
  primary key (tenant_id, name)
);

create table holdfast.aliases (
  tenant_id uuid not null,
  agent text not null,
  alias text not null,
  number integer not null,
  -- its share of new runs: weight / sum of weights
  weight integer not null default 1 check (weight > 0),
  primary key (tenant_id, agent, alias, number),
  foreign key (tenant_id, agent, number) references holdfast.versions (tenant_id, agent, number)
);

-- A conversation: one of its runs is active at a time.
create table holdfast.threads (
  tenant_id uuid not null references holdfast.tenants,
  id uuid not null,
  -- JSON text
  metadata text not null,
  created_at bigint not null,
  active_run uuid,
  -- the newest run that has ended, and its last event: what the next run will see
  last_run uuid,
  last_seq integer,
  primary key (tenant_id, id)
);

-- The row of a run is updated by each step: no index may hold a column that a step changes, or updates are no longer HOT.
create table holdfast.runs (
  id uuid primary key,
  tenant_id uuid not null references holdfast.tenants,
  agent text not null,
  version_id uuid not null,
  version integer not null,
  -- runs of this agent at once
  agent_limit integer,
  -- that its version asks first, by the name that agents use
  model text,
  tags text[] not null default '{}',
  priority smallint not null default 0,
  -- runs of one key are at work one at a time
  concurrency_key text,
  start_at bigint,
  expires_at bigint,
  thread_id uuid,
  -- who started the run at the top, as usage names them
  starter text not null default '',
  parent_id uuid,
  -- the parent's tool call
  parent_call text,
  forked_from uuid,
  -- events up to this one are copies
  forked_at integer,
  -- JSON text: those in force, once they are others than those it was created with
  limits text,
  -- used by its own events
  tokens bigint not null default 0,
  cost_usd_micros bigint not null default 0,
  -- JSON text
  metadata text not null,
  created_at bigint not null,
  -- number of its last event
  head integer not null default 0,
  -- the highest of the events in its log: a worker takes only what it can read
  format smallint not null default 1,
  -- the worker that holds it
  holder text,
  -- a worker has claimed it at least once
  begun boolean not null default false,
  status text not null,
  -- JSON text, a list
  waiting_for text not null,
  updated_at bigint not null,
  ended_at bigint,
  -- how it ended; null while it lives
  outcome text generated always as (case when ended_at is not null then status end) stored,
  foreign key (tenant_id, version_id) references holdfast.versions (tenant_id, id)
) with (fillfactor = 70);
create index runs_newest on holdfast.runs (tenant_id, id desc);
create index runs_of_agent on holdfast.runs (tenant_id, agent, id desc);
create index runs_of_thread on holdfast.runs (tenant_id, thread_id, id) where thread_id is not null;
create index runs_of_parent on holdfast.runs (tenant_id, parent_id, id) where parent_id is not null;
-- By status: living runs are few, and of the ended ones each outcome has its own part of the index.
create index runs_living on holdfast.runs (tenant_id, id desc) where outcome is null;
create index runs_of_outcome on holdfast.runs (tenant_id, outcome, id desc) where outcome is not null;
create index runs_newer on holdfast.runs (format) where format > 1 and ended_at is null;
create index runs_held on holdfast.runs (tenant_id, agent, holder) where holder is not null;

-- Runs by tag. An index over the array would not be used: below row-level security its operators are not trusted.
create table holdfast.run_tags (
  tenant_id uuid not null,
  tag text not null,
  run_id uuid not null,
  primary key (tenant_id, tag, run_id)
);

create function holdfast.index_tags() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  insert into holdfast.run_tags (tenant_id, tag, run_id)
  select distinct new.tenant_id, t.tag, new.id from pg_catalog.unnest(new.tags) as t (tag);
  return null;
end
$$;
create trigger index_tags after insert on holdfast.runs
  for each row when (new.tags <> '{}') execute function holdfast.index_tags();

-- The log. Insert only, one index.
create table holdfast.run_events (
  run_id uuid not null,
  seq integer not null,
  tenant_id uuid not null,
  type text not null,
  format smallint not null,
  at bigint not null,
  call_id text,
  -- what a call of that model counts for, which ends with this event
  model text,
  tokens integer,
  cost_usd_micros bigint,
  -- of the append that wrote it; with its first event only
  append_id uuid,
  -- JSON text; no SQL looks inside
  payload text not null,
  primary key (run_id, seq)
) with (
  autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_threshold = 50000,
  autovacuum_analyze_scale_factor = 0.05
);
-- Usage is summed from these entries alone; other events are not in it.
create index run_events_charged on holdfast.run_events (tenant_id, at) include (run_id, model, tokens, cost_usd_micros)
  where model is not null;

create function holdfast.raise_format() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  update holdfast.runs set format = new.format where id = new.run_id and format < new.format;
  return null;
end
$$;
create trigger raise_format after insert on holdfast.run_events
  for each row when (new.format > 1) execute function holdfast.raise_format();

-- A cache: the newest folded state of a run.
create table holdfast.snapshots (
  run_id uuid primary key,
  tenant_id uuid not null,
  seq integer not null,
  format text not null,
  body text not null,
  at bigint not null
);

-- What somebody must look at, and when. Rows live shortly. Kind `run`: runs that may be claimed. All other kinds are the
-- outbox: written in the transaction that made them necessary, looked at by any worker.
create table holdfast.due (
  kind text not null,
  subject uuid not null,
  tenant_id uuid not null,
  agent text,
  agent_limit integer,
  model text,
  priority smallint not null default 0,
  concurrency_key text,
  at bigint not null,
  -- a run that was claimed before goes ahead of fresh ones
  begun boolean not null default false,
  -- it has a slot and may be claimed
  admitted boolean not null default false,
  -- offered to one worker until then
  reserved_until bigint,
  -- how often it was offered without being finished; not for runs
  attempts integer not null default 0,
  primary key (kind, subject)
) with (
  fillfactor = 70,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_threshold = 500,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0
);
create index due_waiting on holdfast.due (tenant_id, begun, priority desc, at, subject) where kind = 'run' and not admitted;
create index due_soonest on holdfast.due (tenant_id, at) where kind = 'run' and not admitted;
create index due_keyed on holdfast.due (tenant_id, concurrency_key, begun desc, priority desc, at, subject)
  where kind = 'run' and not admitted and concurrency_key is not null;
create index due_admitted on holdfast.due (tenant_id, agent) where kind = 'run' and admitted;
create index due_ready on holdfast.due (at, subject) where kind = 'run' and admitted;
create index due_next on holdfast.due (at) where kind = 'run';
create index due_outbox on holdfast.due (kind, at) where kind <> 'run';

-- One row for each thing that needs a person.
create table holdfast.attention (
  run_id uuid not null,
  ref text not null,
  tenant_id uuid not null,
  kind text not null,
  call_id text,
  role text,
  -- ids of who may decide, too, or alone where role is null; null = nobody is named
  approvers text[],
  -- ids of who may not approve, or has done so
  barred text[],
  since bigint not null,
  until bigint,
  -- JSON text
  detail text not null,
  primary key (run_id, ref)
);
create index attention_of_tenant on holdfast.attention (tenant_id, run_id, ref);

create table holdfast.artifacts (
  run_id uuid not null,
  digest text not null,
  tenant_id uuid not null,
  -- '' = none
  name text not null default '',
  media_type text not null,
  -- bytes
  size bigint not null,
  -- the newest file of a name has the highest
  position bigint generated by default as identity,
  -- one content may have several names, and one name several contents
  primary key (run_id, digest, name)
);

create table holdfast.idempotency_keys (
  tenant_id uuid not null,
  principal text not null,
  route text not null,
  key text not null,
  body_hash text not null,
  -- null while the first request is under way
  status integer,
  body text,
  created_at bigint not null,
  primary key (tenant_id, principal, route, key)
) with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);
create index idempotency_keys_oldest on holdfast.idempotency_keys (created_at);

-- Worker processes. No row = dead.
create table holdfast.workers (
  id text primary key,
  -- session advisory lock; null where the session is not direct, so that a lock would lie
  lock_key bigint,
  lease_until bigint not null,
  -- of the database server when the lock was taken: a restart frees all locks
  incarnation timestamptz not null,
  -- embedded, temporal
  driver text not null,
  -- of this process
  began_at bigint not null,
  -- why it can begin nothing; null = it can
  problem text,
  -- the highest format of events that it can read
  format smallint not null default 1
) with (fillfactor = 50);

-- Since when the server runs without a crash: an unlogged table is emptied by every recovery, also by the one after a
-- single backend's crash, which `pg_postmaster_start_time()` does not show and which frees all session locks at once.
create unlogged table holdfast.server_life (
  since bigint not null default holdfast.now_ms(),
  one boolean primary key default true check (one)
);
insert into holdfast.server_life default values;
