-- What the columns of the tables mean. `\d+ event_data` in psql shows it.

comment on table device_data is 'Devices, zones and sound places with their last birth or death. See the view device';
comment on table migration is 'Files of platform/migrations that were applied';
comment on function command_notify is 'Wakes the process that sends commands';

comment on column node.id is 'Number of the cabinet; node_id in the other tables';
comment on column node.group_name is 'Sparkplug group';
comment on column node.node is 'Name of the cabinet, its Sparkplug edge node';
comment on column node.epoch is 'Random name of the cabinet''s store, from its last NBIRTH; null before the first';
comment on column node.born_at is 'Start of the last session, by the clock of the cabinet';
comment on column node.received_at is 'When the NBIRTH of that session was stored';
comment on column node.bd_seq is 'Number of that session (Sparkplug bdSeq)';
comment on column node.is_online is 'Whether the session is open';
comment on column node.death_bd_seq is 'Number of the last session that has ended';
comment on column node.death_at is 'When its end was stored';
comment on column node.open_events is 'Identifiers in the newest list of open events';
comment on column node.open_events_at is 'Time of that list';
comment on column node.log_n is 'The last entry of the audit log up to which none is missing';
comment on column node.log_hash is 'Hash of that entry';
comment on column node.log_reported_n is 'The newest entry that the cabinet has reported';
comment on column node.log_reported_hash is 'Hash of that entry';

comment on column node_epoch.node_id is 'The cabinet';
comment on column node_epoch.epoch is 'Name of the store';
comment on column node_epoch.is_born is 'Whether an NBIRTH with this store has arrived';
comment on column node_epoch.complete is 'Rows that are complete. The cursor that is acknowledged is the end of the range that begins with row 1. At most 1,000 ranges, the lowest';
comment on column node_epoch.gap_head is 'The last gap up to which none is missing';
comment on column node_epoch.first_seen_at is 'When the first message of this store arrived';
comment on column node_epoch.last_row_at is 'When the last row was stored';

comment on column row_part.node_id is 'The cabinet';
comment on column row_part.epoch is 'Name of the store';
comment on column row_part.from_row is 'First row of the range';
comment on column row_part.to_row is 'Last row of the range';
comment on column row_part.parts is 'Messages of the range';
comment on column row_part.seen is 'One bit for each message; 1: it is stored';
comment on column row_part.seen_at is 'When the first of them was stored';

comment on column series.id is 'Number of the series; series_id in the readings';
comment on column series.node_id is 'The cabinet';
comment on column series.device is 'Name of the device';
comment on column series.quantity is 'Name of the measured quantity, such as power';
comment on column series.unit is 'Unit of the values; empty without one';
comment on column series.datatype is 'Sparkplug type of the metric; 10 double, 11 boolean';
comment on column series.low is 'Lower end of the plausible range, from the birth';
comment on column series.high is 'Upper end of the plausible range';
comment on column series.talq is 'Name in the TALQ data model; empty without one';

comment on column birth.node_id is 'The cabinet';
comment on column birth.epoch is 'Name of the store';
comment on column birth.device is 'Name of the device; empty for the cabinet itself';
comment on column birth.born_at is 'Time of the newest birth';
comment on column birth.aliases is 'All aliases of this epoch: alias -> [metric, Sparkplug type, series or null]. They only grow';
comment on column birth.last_aliases is 'Those of the newest birth';

comment on column device_data.node_id is 'The cabinet';
comment on column device_data.device is 'Name of the device, zone or sound place';
comment on column device_data.is_alive is 'Whether its last message was a birth. It stays true when the cabinet goes offline: see the view device';
comment on column device_data.changed_at is 'Time of its last birth or death';

comment on column property_data.node_id is 'The cabinet';
comment on column property_data.device is 'Name of the device; empty for the cabinet itself';
comment on column property_data.name is 'Name of the metric';
comment on column property_data.value is 'Newest value as JSON; null if the cabinet has none';
comment on column property_data.at is 'Time of the value';

comment on column reading_data.series_id is 'The series';
comment on column reading_data.quality is 'Sparkplug: 192 good, 500 stale, 0 bad';
comment on column reading_data.at is 'Time of the measurement';
comment on column reading_data.value is 'The value; null: missing. Flags are 0 and 1';

comment on column event_data.node_id is 'The cabinet';
comment on column event_data.id is 'Identifier of this occurrence';
comment on column event_data.code is 'What happened: a code of docs/monitoring.md';
comment on column event_data.source is 'Device, point, lamp or line that it is about';
comment on column event_data.severity is 'alarm, warning or info';
comment on column event_data.started_at is 'When it began';
comment on column event_data.ended_at is 'Null while it is open. Where the end was not received: the time of the list of open events that no longer has it';
comment on column event_data.text is 'Sentence in English';
comment on column event_data.body is 'Whole report: evidence, decisions, and under check what to look at';
comment on column event_data.reported_at is 'Time of the newest report';

comment on column gap_data.node_id is 'The cabinet';
comment on column gap_data.epoch is 'Name of the store';
comment on column gap_data.key is 'Identifies the gap within the store';
comment on column gap_data.gap_id is 'Number of the gap; null for an agent that does not number them';
comment on column gap_data.after_id is 'Number of the gap before it; 0: the first';
comment on column gap_data.from_row is 'First row';
comment on column gap_data.to_row is 'Last row';
comment on column gap_data.readings is 'Readings that were lost';
comment on column gap_data.is_estimate is 'True: the number is not known exactly, so leave it out of sums';
comment on column gap_data.reason is 'Why they were lost';
comment on column gap_data.at is 'When the loss was recorded';

comment on column audit.node_id is 'The cabinet';
comment on column audit.n is 'Number of the entry';
comment on column audit.hash is 'Hash of the entry and of the one before it';
comment on column audit.after_n is 'Number of the entry before it';
comment on column audit.at_ms is 'Time of the entry, ms UTC';
comment on column audit.body is 'JSON text that the hash covers; null if the cabinet has only the hash left';
comment on column audit.lost is 'Entries that the cabinet has lost before this one';
comment on column audit.received_at is 'When it was stored';

comment on column command.id is 'Yours, or made automatically. One id is never carried out twice';
comment on column command.group_name is 'Sparkplug group; only needed if two groups have a cabinet of this name';
comment on column command.cabinet is 'Name of the cabinet';
comment on column command.device is 'A lamp, zone, device or sound place; empty for the cabinet itself';
comment on column command.metrics is 'For example {"Override/Level": 80, "Override/Minutes": 90}; bytes as {"base64": "..."}';
comment on column command.expires_at is 'Nothing is carried out after it';
comment on column command.created_at is 'When the row was inserted';
comment on column command.created_by is 'Database user that inserted it';
comment on column command.state is 'new, published, received, queued, sent, then an end: verified, refused, failed, or expired: no end was reported in time';
comment on column command.reason is 'Why it was refused, failed or expired';
comment on column command.attempts is 'How often it was sent';
comment on column command.published_at is 'When it was last sent';
comment on column command.answered_at is 'When the cabinet first answered';
comment on column command.ended_at is 'When it ended';
comment on column command.outcome is 'Whole answer of the cabinet, with the outcome of each lamp';

comment on column rebirth.node_id is 'The cabinet';
comment on column rebirth.is_wanted is 'Whether its births are still missing';
comment on column rebirth.wanted_at is 'Since when';
comment on column rebirth.asked_at is 'When they were last requested';
comment on column rebirth.wait_ms is 'Pause before the next request, ms';
comment on column rebirth.requests is 'How often they were requested';

comment on column process.id is 'Kind, machine, number and a random part';
comment on column process.kind is 'worker, state or commands';
comment on column process.started_at is 'When it started';
comment on column process.seen_at is 'When it last reported';
comment on column process.ready_at is 'When it was last able to work: a worker is subscribed and writes';

comment on column migration.version is 'Number of the file';
comment on column migration.name is 'Name of the file';
comment on column migration.sha256 is 'Hash of the file; it must not change after it was applied';
comment on column migration.applied_at is 'When it was applied';
