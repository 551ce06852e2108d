/**
 * The whole table: the 226 assertions of Sparkplug 3.0.0 that concern an edge node, followed by own rows.
 */
import type { ConformanceRow } from './row.ts';
import { BIRTH_ROWS } from './rows-births.ts';
import { COMMAND_ROWS } from './rows-commands.ts';
import { DATA_ROWS } from './rows-data.ts';
import { HOST_ROWS } from './rows-host.ts';
import { MQTT_ROWS } from './rows-mqtt.ts';
import { OWN_ROWS } from './rows-own.ts';
import { TOPIC_ROWS } from './rows-topics.ts';
import { TYPE_ROWS } from './rows-types.ts';

/** One row for each assertion of Sparkplug 3.0.0 about an edge node, by topic. */
export const STANDARD_ROWS: readonly ConformanceRow[] = [
  ...TOPIC_ROWS,
  ...MQTT_ROWS,
  ...BIRTH_ROWS,
  ...DATA_ROWS,
  ...COMMAND_ROWS,
  ...HOST_ROWS,
  ...TYPE_ROWS,
];

export const ROWS: readonly ConformanceRow[] = [...STANDARD_ROWS, ...OWN_ROWS];
