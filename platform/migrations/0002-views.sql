-- What people read: views with the name of the cabinet in every row. The tables behind them end in _data.

create view reading as
  select n.node as cabinet, s.device, s.quantity, r.at as time, r.value,
    case when r.quality = 192 then 'good' when r.quality = 500 then 'stale' when r.value is null then 'missing' else 'bad' end as quality,
    s.unit, n.group_name, s.id as series_id
  from reading_data r join series s on s.id = r.series_id join node n on n.id = s.node_id;
comment on view reading is 'Every reading once: cabinet, device, quantity, time, value, quality, unit';
comment on column reading.cabinet is 'Name of the cabinet';
comment on column reading.device is 'Name of the device';
comment on column reading.quantity is 'Name of the measured quantity, such as power or level';
comment on column reading.time is 'Time of the measurement';
comment on column reading.value is 'The value in its unit; null: missing. Flags are 0 and 1';
comment on column reading.quality is 'good, stale, bad or missing';
comment on column reading.unit is 'Unit of the value; empty without one';
comment on column reading.group_name is 'Sparkplug group of the cabinet';
comment on column reading.series_id is 'Number of the series';

create view cabinet as
  select n.node as cabinet, n.group_name, n.is_online as online, case when n.is_online then n.born_at end as online_since,
    case when not n.is_online then n.death_at end as offline_since, e.last_row_at as last_reading_at,
    case when lower_inc(e.complete) and lower(e.complete) = 1 then upper((select r from unnest(e.complete) r limit 1)) - 1 else 0 end as rows_complete,
    case when n.is_online then (select count(*) from device_data d where d.node_id = n.id and d.is_alive) else 0 end as devices_alive,
    (select count(*) from device_data d where d.node_id = n.id) as devices,
    (select count(*) from event_data v where v.node_id = n.id and v.ended_at is null and v.severity = 'alarm') as open_alarms,
    (select coalesce(sum(readings), 0) from gap_data g where g.node_id = n.id) as readings_lost,
    n.epoch, n.id as node_id
  from node n left join node_epoch e on e.node_id = n.id and e.epoch = n.epoch;
comment on view cabinet is 'One row for each cabinet: whether it is online, its alarms, its losses';
comment on column cabinet.cabinet is 'Name of the cabinet';
comment on column cabinet.group_name is 'Sparkplug group';
comment on column cabinet.online is 'Whether its session with the broker is open';
comment on column cabinet.online_since is 'Start of the session; null while it is offline';
comment on column cabinet.offline_since is 'End of the last session; null while it is online';
comment on column cabinet.last_reading_at is 'When a row of readings was last stored here';
comment on column cabinet.rows_complete is 'Rows of its present store that are here without a hole';
comment on column cabinet.devices_alive is 'Devices that answer; 0 while the cabinet is offline';
comment on column cabinet.devices is 'All devices, zones and sound places that it has reported';
comment on column cabinet.open_alarms is 'Events of severity alarm that have not ended';
comment on column cabinet.readings_lost is 'Readings in its recorded gaps, estimates included';
comment on column cabinet.epoch is 'Random name of its present store';
comment on column cabinet.node_id is 'Number of the cabinet in the tables';

create view device as
  select n.node as cabinet, d.device,
    case when exists (select from property_data p where p.node_id = d.node_id and p.device = d.device and p.name = 'Lamp/Reason') then 'lamp'
      when exists (select from property_data p where p.node_id = d.node_id and p.device = d.device and p.name = 'Programme/Choice') then 'zone'
      when exists (select from property_data p where p.node_id = d.node_id and p.device = d.device and p.name = 'Sound/State') then 'sound place'
      else 'device' end as kind,
    n.is_online and d.is_alive as is_alive,
    case when d.is_alive and not n.is_online then greatest(d.changed_at, n.death_at) else d.changed_at end as changed_at,
    n.group_name, n.id as node_id
  from device_data d join node n on n.id = d.node_id;
comment on view device is 'Devices, lamps, zones and sound places, and whether they answer';
comment on column device.cabinet is 'Name of the cabinet';
comment on column device.device is 'Name of the device';
comment on column device.kind is 'lamp, zone, sound place or device';
comment on column device.is_alive is 'Whether it answers. False while the cabinet is offline: then it is not known';
comment on column device.changed_at is 'Since when';
comment on column device.group_name is 'Sparkplug group of the cabinet';
comment on column device.node_id is 'Number of the cabinet in the tables';

create view lamp as
  select d.cabinet, d.device, d.is_alive, (w.value #>> '{}')::float8 as wanted_level, k.value #>> '{}' as rank, r.value #>> '{}' as reason,
    r.at as changed_at, d.group_name, d.node_id
  from device d join property_data r on r.node_id = d.node_id and r.device = d.device and r.name = 'Lamp/Reason'
    left join property_data k on k.node_id = d.node_id and k.device = d.device and k.name = 'Lamp/Rank'
    left join property_data w on w.node_id = d.node_id and w.device = d.device and w.name = 'Lamp/Wanted Level' and jsonb_typeof(w.value) = 'number';
comment on view lamp is 'Lamps: the level that each should have, and why';
comment on column lamp.cabinet is 'Name of the cabinet';
comment on column lamp.device is 'Name of the lamp';
comment on column lamp.is_alive is 'Whether its driver answers and the cabinet is online';
comment on column lamp.wanted_level is 'Level that the cabinet has chosen, %. The measured one is the quantity level of its readings';
comment on column lamp.rank is 'Rank of the input that decided: override, presence, programme, ...';
comment on column lamp.reason is 'Why it has this level, as a word of docs/lighting.md';
comment on column lamp.changed_at is 'When the reason last changed';
comment on column lamp.group_name is 'Sparkplug group of the cabinet';
comment on column lamp.node_id is 'Number of the cabinet in the tables';

create view event as
  select n.node as cabinet, e.severity, e.started_at, e.ended_at, e.source, e.code, e.text, e.body #>> '{check,what}' as check_first,
    e.body #>> '{acknowledged,by}' as acknowledged_by, e.id, n.group_name, e.node_id
  from event_data e join node n on n.id = e.node_id;
comment on view event is 'Warnings and alarms, one row each. event_data.body has the evidence';
comment on column event.cabinet is 'Name of the cabinet';
comment on column event.severity is 'alarm, warning or info';
comment on column event.started_at is 'When it began';
comment on column event.ended_at is 'When it ended; null while it is open';
comment on column event.source is 'Device, point, lamp or line that it is about';
comment on column event.code is 'What happened: a code of docs/monitoring.md';
comment on column event.text is 'Sentence in English';
comment on column event.check_first is 'What to look at first; null where the cabinet does not know';
comment on column event.acknowledged_by is 'Who acknowledged it; null: not acknowledged';
comment on column event.id is 'Identifier of this occurrence';
comment on column event.group_name is 'Sparkplug group of the cabinet';
comment on column event.node_id is 'Number of the cabinet in the tables';

create view property as
  select n.node as cabinet, p.device, p.name, p.value #>> '{}' as value, p.at, n.group_name, p.node_id
  from property_data p join node n on n.id = p.node_id;
comment on view property is 'The newest value of each metric that is not a reading, such as Config/Hash. property_data has it as JSON';
comment on column property.cabinet is 'Name of the cabinet';
comment on column property.device is 'Name of the device, lamp or zone; empty for the cabinet itself';
comment on column property.name is 'Name of the metric, as in docs/platform.md';
comment on column property.value is 'Newest value as text; null if the cabinet has none';
comment on column property.at is 'Time of the value';
comment on column property.group_name is 'Sparkplug group of the cabinet';
comment on column property.node_id is 'Number of the cabinet in the tables';

create view gap as
  select n.node as cabinet, g.reason, g.readings, g.is_estimate, g.at, g.from_row, g.to_row, g.epoch, n.group_name, g.node_id
  from gap_data g join node n on n.id = g.node_id;
comment on view gap is 'Losses of readings that the cabinets have recorded. Readings produced = readings stored here + gaps';
comment on column gap.cabinet is 'Name of the cabinet';
comment on column gap.reason is 'Why they were lost: a word of docs/platform.md';
comment on column gap.readings is 'Readings that were lost';
comment on column gap.is_estimate is 'True: the number is not known exactly, so leave it out of sums';
comment on column gap.at is 'When the loss was recorded';
comment on column gap.from_row is 'First row of the cabinet''s store';
comment on column gap.to_row is 'Last row';
comment on column gap.epoch is 'Name of the store';
comment on column gap.group_name is 'Sparkplug group of the cabinet';
comment on column gap.node_id is 'Number of the cabinet in the tables';

create view metric as
  select n.group_name, n.node as cabinet, b.epoch, b.device, m.key::bigint as alias, m.value ->> 0 as metric,
    (m.value ->> 1)::smallint as datatype, (m.value ->> 2)::integer as series_id
  from birth b join node n on n.id = b.node_id cross join lateral jsonb_each(b.aliases) m;
comment on view metric is 'Aliases and metrics of all births, one row each';
comment on column metric.group_name is 'Sparkplug group';
comment on column metric.cabinet is 'Name of the cabinet';
comment on column metric.epoch is 'Name of the store';
comment on column metric.device is 'Name of the device; empty for the cabinet itself';
comment on column metric.alias is 'Number that data messages have instead of the name';
comment on column metric.metric is 'Name of the metric';
comment on column metric.datatype is 'Sparkplug type of the metric';
comment on column metric.series_id is 'Number of the series; null if it has no readings';

create view audit_entry as
  select n.node as cabinet, a.n, to_timestamp(a.at_ms / 1000.0) as time, b ->> 'user' as "user", b ->> 'role' as role, b ->> 'door' as door,
    b ->> 'action' as action, b ->> 'detail' as detail, b ->> 'result' as result, a.node_id, a.hash
  from audit a join node n on n.id = a.node_id cross join lateral (select case when a.body is json then a.body::jsonb end) as parsed (b);
comment on view audit_entry is 'The audit logs of the cabinets: who did what';
comment on column audit_entry.cabinet is 'Name of the cabinet';
comment on column audit_entry.n is 'Number of the entry';
comment on column audit_entry.time is 'When it happened';
comment on column audit_entry."user" is 'Who did it';
comment on column audit_entry.role is 'With which role';
comment on column audit_entry.door is 'On which way: console, platform, ...';
comment on column audit_entry.action is 'What was done';
comment on column audit_entry.detail is 'To what';
comment on column audit_entry.result is 'How it ended';
comment on column audit_entry.node_id is 'Number of the cabinet in the tables';
comment on column audit_entry.hash is 'Hash of the entry and of the one before it';

create view audit_problem as
  select n.node as cabinet, a.n, 'the hash does not follow from the entry before' as problem
  from audit a join node n on n.id = a.node_id
    left join audit p on p.node_id = a.node_id and p.n = a.n - 1
  where a.body is not null and (a.n = 1 or p.n is not null)
    and a.hash <> encode(sha256(convert_to(coalesce(p.hash, repeat('0', 64)) || E'\n' || a.n || E'\n' || a.at_ms || E'\n' || a.body, 'UTF8')), 'hex')
  union all
  select n.node, a.n, 'two entries with one number' from audit a join node n on n.id = a.node_id group by n.node, a.n having count(*) > 1
  union all
  select n.node, n.log_reported_n, 'the log of the cabinet ends before the newest entry that is stored here'
  from node n where n.log_reported_n < n.log_n;
comment on view audit_problem is 'Signs that an audit log was rewritten, emptied or replaced by a copy. Empty if there are none';
comment on column audit_problem.cabinet is 'Name of the cabinet';
comment on column audit_problem.n is 'Number of the entry';
comment on column audit_problem.problem is 'What is wrong with it';

create function energy_by_night(nights integer default 7)
  returns table (night date, cabinet text, device text, kwh double precision, is_over boolean) language sql stable as $$
  select d.night, n.node, s.device, last.value - first.value, now() >= d.until_at
  from (
    select night::date as night, night + interval '12 hours' as from_at, night + interval '36 hours' as until_at
    from generate_series(date_trunc('day', now() - interval '12 hours') - (energy_by_night.nights - 1) * interval '1 day',
      date_trunc('day', now() - interval '12 hours'), interval '1 day') night) d
  cross join series s join node n on n.id = s.node_id
  cross join lateral (select r.at, r.value from reading_data r
    where r.series_id = s.id and r.at >= d.from_at and r.at < d.until_at and r.quality = 192 and r.value is not null order by r.at limit 1) first
  cross join lateral (select r.at, r.value from reading_data r
    where r.series_id = s.id and r.at >= d.from_at and r.at < d.until_at and r.quality = 192 and r.value is not null order by r.at desc limit 1) last
  where s.quantity = 'energy_import' and last.at > first.at and last.value >= first.value
$$;
comment on function energy_by_night is 'kWh that each meter (quantity energy_import) counted from noon to noon, in the time zone of the session; is_over is false for the present night. Nights in which a counter went back are left out';
