-- The time of the newest reported entry of an audit log: messages of one cabinet may reach two workers, the older one last.

alter table node add column log_reported_at timestamptz;
comment on column node.log_reported_at is 'When the cabinet reported that entry';
