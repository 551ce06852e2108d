/**
 * What the node says of itself: software, version, and how store and platform stand to each other.
 *
 * Owns the values of the node's own metrics. Called by `uplink.ts` at start and once a minute.
 */
import type { Clock } from '../core/clock.ts';
import type { StoreStatus, UplinkValue } from '../core/ports.ts';
import type { CurrentValues } from './current-values.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC } from './metric-table.ts';

type Change = readonly [entry: MetricEntry, value: UplinkValue];

export interface NodeFacts {
  /** Takes the store's state over and returns what changed. */
  note(status: StoreStatus): readonly Change[];
}

/** Software and version are known at once, `Sync/*` after the first `note`. */
export function createNodeFacts(parts: {
  readonly table: MetricTable;
  readonly values: CurrentValues;
  readonly clock: Clock;
  readonly version: string;
}): NodeFacts {
  const { table, values, clock } = parts;
  const set = (name: string, value: string | number | boolean): readonly Change[] => {
    const entry = table.node.find((candidate) => candidate.name === name);
    const next = entry === undefined ? undefined : values.set(entry, { value, quality: 'good', atMs: clock.wallMs() });
    return entry === undefined || next === undefined ? [] : [[entry, next]];
  };
  set(NODE_METRIC.software, 'Luciole');
  set(NODE_METRIC.version, parts.version);
  set(NODE_METRIC.rebirth, false);
  return {
    note: ({ epoch, cursorSeq, backlogFrames, readingsLost, gaps }) => [
      ...set(NODE_METRIC.epoch, epoch),
      ...set(NODE_METRIC.cursor, cursorSeq),
      ...set(NODE_METRIC.backlog, backlogFrames),
      ...set(NODE_METRIC.readingsLost, readingsLost),
      ...set(NODE_METRIC.gaps, gaps),
    ],
  };
}
