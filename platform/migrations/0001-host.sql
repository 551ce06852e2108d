-- What the host stores: cabinets, their devices and readings, and how far each cabinet is.

create table node (
  id integer generated always as identity primary key,
  group_name text not null,
  node text not null,
  epoch text,
  born_at timestamptz,
  received_at timestamptz,
  bd_seq smallint,
  is_online boolean not null default false,
  death_bd_seq smallint,
  death_at timestamptz,
  open_events text[],
  open_events_at timestamptz,
  log_n bigint not null default 0,
  log_hash text,
  log_reported_n bigint,
  log_reported_hash text,
  unique (group_name, node)
);
comment on table node is 'Edge nodes, one for each cabinet, with the state of their last session. See the view cabinet.';

create table node_epoch (
  node_id integer not null references node,
  epoch text not null,
  is_born boolean not null default false,
  complete int8multirange not null default '{}',
  gap_head bigint not null default 0,
  first_seen_at timestamptz not null default now(),
  last_row_at timestamptz,
  primary key (node_id, epoch)
) with (fillfactor = 50);
comment on table node_epoch is 'Which rows of each cabinet''s store are in this database, for each store that the cabinet has had';

create table row_part (
  node_id integer not null,
  epoch text not null,
  from_row bigint not null,
  to_row bigint not null,
  parts smallint not null,
  seen bit varying not null,
  seen_at timestamptz not null default now(),
  primary key (node_id, epoch, from_row, to_row, parts)
) with (fillfactor = 70);
comment on table row_part is 'Ranges of rows of which not all messages have arrived';

create table series (
  id integer generated always as identity primary key,
  node_id integer not null references node,
  device text not null,
  quantity text not null,
  unit text not null default '',
  datatype smallint not null default 0,
  low double precision,
  high double precision,
  talq text not null default '',
  unique (node_id, device, quantity)
);
comment on table series is 'Measured quantities: one for each point of each device';

create table birth (
  node_id integer not null references node,
  epoch text not null,
  device text not null,
  born_at timestamptz not null,
  aliases jsonb not null,
  last_aliases jsonb not null,
  primary key (node_id, epoch, device)
);
comment on table birth is 'What the aliases of a cabinet''s data stand for, by store (epoch) and device; device is empty for the cabinet itself';

create table device_data (
  node_id integer not null references node,
  device text not null,
  is_alive boolean not null,
  changed_at timestamptz not null,
  primary key (node_id, device)
);

create table property_data (
  node_id integer not null references node,
  device text not null,
  name text not null,
  value jsonb,
  at timestamptz not null,
  primary key (node_id, device, name)
) with (fillfactor = 80);
comment on table property_data is 'The newest value of each metric that is not a reading, such as Lamp/Reason or Config/Hash; device is empty for the cabinet itself';

-- A hypertable where TimescaleDB is in use (the setting comes from the program), plain partitions by day (UTC) otherwise.
do $$
begin
  if current_setting('luciole.hypertable', true) = 'on' then
    create extension if not exists timescaledb;
    create table reading_data (series_id integer not null, quality smallint not null, at timestamptz not null, value double precision,
      primary key (series_id, at));
    perform create_hypertable('reading_data', by_range('at', interval '1 day'), create_default_indexes => false);
  else
    create table reading_data (series_id integer not null, quality smallint not null, at timestamptz not null, value double precision,
      primary key (series_id, at)) partition by range (at);
    create table reading_other partition of reading_data default;
    create index reading_other_at on reading_other (at);
    comment on table reading_other is 'Readings with a time for which there is no partition, such as those of a clock that was not set';
  end if;
end $$;
comment on table reading_data is 'All readings. Use the view reading';

create function ensure_reading_partition(day date) returns boolean language plpgsql as $$
declare
  part text := 'reading_' || to_char(day, 'YYYYMMDD');
  from_at timestamptz := day::timestamp at time zone 'UTC';
  to_at timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
  if (select relkind from pg_class where oid = 'reading_data'::regclass) <> 'p' or to_regclass(part) is not null then return false; end if;
  perform pg_advisory_xact_lock(hashtext('luciole reading partition'));
  -- Another worker may have made it meanwhile. to_regclass would answer from the cache of this session.
  if exists (select from pg_class where relname = part and relnamespace = current_schema()::regnamespace) then return false; end if;
  -- Moving them would take long and hold up the others. They stay where they are, with those that follow. Source: assumed; some seconds on a
  -- slow disk. Confirmed by: the rows of reading_other in service.
  if (select count(*) > 500000 from (select from reading_other where at >= from_at and at < to_at limit 500001) many) then return false; end if;
  execute format('create table %I (like reading_data including all)', part);
  lock table reading_other in access exclusive mode;
  execute format('with moved as (delete from reading_other where at >= %L and at < %L returning *) insert into %I select * from moved',
    from_at, to_at, part);
  execute format('alter table reading_data attach partition %I for values from (%L) to (%L)', part, from_at, to_at);
  return true;
end $$;
comment on function ensure_reading_partition is 'Makes the partition of a day, and moves its readings there from reading_other. False if it exists, or if reading_other has more than 500,000 of that day: they stay there. The workers call it';

-- Inserts wait behind a lock that waits. Source: assumed; half of the 2 s that readings may be late. Confirmed by: queries of the city's analysts.
create function drop_readings_before(day date) returns integer language plpgsql set lock_timeout = '1s' as $$
declare
  part text;
  dropped integer := 0;
begin
  if (select relkind from pg_class where oid = 'reading_data'::regclass) <> 'p' then
    execute 'select count(*) from drop_chunks(''reading_data'', older_than => $1)' into dropped using day::timestamp at time zone 'UTC';
    return dropped;
  end if;
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'reading_data'::regclass and c.relname ~ '^reading_\d{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < day
  loop
    execute format('drop table %I', part);
    dropped := dropped + 1;
  end loop;
  return dropped;
exception when lock_not_available then
  raise exception 'a query, a backup or another process uses the readings; nothing was removed' using errcode = 'lock_not_available',
    hint = 'See pg_stat_activity for what runs, and call drop_readings_before again when it has ended.';
end $$;
comment on function drop_readings_before is 'Removes whole days of readings before this one. Returns how many. Fails after 1 s if another query uses them';

create table event_data (
  node_id integer not null references node,
  id text not null,
  code text not null,
  source text not null,
  severity text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  text text not null,
  body jsonb not null,
  reported_at timestamptz not null,
  primary key (node_id, id)
);
create index event_started on event_data (started_at);
comment on table event_data is 'Warnings and alarms, one row each, with the newest report. See the view event';

create table gap_data (
  node_id integer not null references node,
  epoch text not null,
  key text not null,
  gap_id bigint,
  after_id bigint,
  from_row bigint,
  to_row bigint,
  readings bigint not null,
  is_estimate boolean not null,
  reason text not null,
  at timestamptz not null,
  primary key (node_id, epoch, key)
);
create index gap_after on gap_data (node_id, epoch, after_id);
comment on table gap_data is 'Losses of readings that the cabinets have recorded. Readings produced = readings stored here + gaps';

create table audit (
  node_id integer not null references node,
  n bigint not null,
  hash text not null,
  after_n bigint not null,
  at_ms bigint not null,
  body text,
  lost bigint not null default 0,
  received_at timestamptz not null default now(),
  primary key (node_id, n, hash)
);
create index audit_after on audit (node_id, after_n);
comment on table audit is 'The audit logs of the cabinets: who did what. body is the JSON text that the hash covers. Never changed after its arrival';

create table command (
  id text primary key default 'c-' || gen_random_uuid() check (length(id) between 1 and 64),
  group_name text,
  cabinet text not null,
  device text not null default '',
  metrics jsonb not null check (jsonb_typeof(metrics) = 'object'),
  expires_at timestamptz not null default now() + interval '5 minutes',
  created_at timestamptz not null default now(),
  created_by text not null default session_user,
  state text not null default 'new'
    check (state in ('new', 'published', 'received', 'queued', 'sent', 'expired', 'verified', 'refused', 'failed')),
  reason text not null default '',
  attempts integer not null default 0,
  published_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  outcome jsonb
);
create index command_open on command (created_at) where state in ('new', 'published', 'received', 'queued', 'sent');
comment on table command is 'Insert a row to send a command; its outcome appears in state, reason and outcome. docs/platform.md lists the metrics';

create function command_notify() returns trigger language plpgsql as $$
begin
  perform pg_notify('luciole_command', new.id);
  return null;
end $$;
create trigger command_notify after insert on command for each row execute function command_notify();

create table rebirth (
  node_id integer primary key references node,
  is_wanted boolean not null,
  wanted_at timestamptz not null,
  asked_at timestamptz,
  wait_ms integer not null default 0,
  requests bigint not null default 0
);
comment on table rebirth is 'Births that a worker needs, and when they were last requested';

create table process (
  id text primary key,
  kind text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  ready_at timestamptz
);
comment on table process is 'The processes of the host';
