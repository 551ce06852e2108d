/** Rows as the demo's cabinets send them, over two days, for tests of queries. Units and names are those of config/demo.yaml. */
import type { Database } from '../../platform/database/postgres.ts';

/** The cabinets; the last one is offline. */
export const DEMO_CABINETS = ['demo-1', 'demo-2', 'demo-3'];

/** Fills the tables of a database that `migrate` has made. Times are relative to now. */
export async function fillDemoRows({ query }: Database): Promise<void> {
  await query(
    `insert into node (group_name, node, epoch, born_at, is_online, death_at)
     select 'Demo', n, 'abcdef01', now() - interval '2 days', n <> 'demo-3', case when n = 'demo-3' then now() - interval '1 hour' end from unnest($1::text[]) n`,
    [DEMO_CABINETS],
  );
  await query(
    `insert into node_epoch (node_id, epoch, is_born, complete, last_row_at) select id, epoch, true, '{[1,2881)}', now() - interval '20 seconds' from node`,
  );
  await query(
    `insert into device_data (node_id, device, is_alive, changed_at)
     select id, d, d <> 'L07', now() - interval '2 days' from node, unnest('{L01,L02,L07,S01,M01,rue}'::text[]) d`,
  );
  await query(`
    insert into property_data (node_id, device, name, value, at)
    select id, d, name, value::jsonb, now() - interval '1 hour'
    from node, unnest('{L01,L02,L07}'::text[]) d, (values ('Lamp/Reason', '"programme"'), ('Lamp/Rank', '"programme"'), ('Lamp/Wanted Level', '30')) v (name, value)
    union all select id, 'rue', name, value::jsonb, now() - interval '10 hours'
    from node, (values ('Programme/Choice', '""'), ('Energy/Night kWh', '4.2'), ('Energy/Baseline kWh', '9.1')) v (name, value)
    union all select id, '', 'Config/Hash', '"5cbb"', now() from node`);
  await query(`
    insert into series (node_id, device, quantity, unit, talq)
    select id, device, quantity, unit, case quantity when 'motion' then 'presenceStatus' else '' end from node, (values ('M01', 'power', 'W'), ('M01', 'energy_import', 'kWh'), ('S01', 'motion', ''), ('S01', 'temperature', '°C'),
      ('L01', 'level', '%'), ('L02', 'level', '%'), ('L07', 'level', '%'), ('L01', 'temperature', '°C'), ('L02', 'temperature', '°C'), ('L01', 'power', 'W')) s (device, quantity, unit)`);
  await query(`select ensure_reading_partition((now() at time zone 'UTC')::date - d) from generate_series(0, 2) d`);
  await query(`
    insert into reading_data (series_id, quality, at, value)
    select s.id, 192, t, case s.quantity when 'energy_import' then extract(epoch from t - now() + interval '2 days') / 3600 * 0.25
      when 'motion' then (extract(epoch from t)::bigint / 60) % 7 * 20 when 'temperature' then case s.device when 'L01' then 71 else 20 end
      when 'level' then case s.device when 'L02' then 0 else 30 end else 250 end
    from series s, generate_series(now() - interval '2 days', now(), interval '1 minute') t`);
  await query(`
    insert into event_data (node_id, id, code, source, severity, started_at, ended_at, text, body, reported_at)
    select id, 'lamp-out:L02:1', 'lamp-out', 'L02', 'alarm', now() - interval '9 hours', null::timestamptz, 'L02: gives no light', '{"check": {"what": "the driver"}}'::jsonb, now() from node
    union all select id, 'unit-silent:L07:1', 'unit-silent', 'L07', 'warning', now() - interval '30 hours', now() - interval '1 hour', 'L07: does not answer', '{}', now() from node`);
  await query(
    `insert into gap_data (node_id, epoch, key, gap_id, after_id, from_row, to_row, readings, is_estimate, reason, at) select id, 'abcdef01', '1', 1, 0, 5, 9, 40, false, 'cap', now() - interval '3 hours' from node`,
  );
  await query(`insert into command (cabinet, device, metrics, state, reason, created_at) values
    ('demo-1', 'L01', '{"Override/Level": 80}', 'verified', '', now() - interval '2 hours'),
    ('demo-2', 'L07', '{"Override/Level": 80}', 'failed', 'L07 does not answer', now() - interval '1 hour'),
    ('demo-3', '', '{"Emergency/On": true}', 'expired', 'the cabinet did not answer in time', now() - interval '30 minutes')`);
  await query(`insert into process (id, kind, started_at, seen_at, ready_at) values ('worker-a', 'worker', now(), now(), now())`);
}
