/**
 * The node's own metrics: software, version, and the state of store and delivery.
 */
import type { Clock } from '../../core/clock.ts';
import type { StoreStatus, UplinkValue } from '../../core/ports.ts';
import type { DeliveryFacts } from '../delivery/delivery.ts';
import { wireEpoch } from '../delivery/rows-mark.ts';
import { SEGMENTS } from '../delivery/segment.ts';
import type { CurrentValues } from './current-values.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC } from './metric-table.ts';

type Change = readonly [entry: MetricEntry, value: UplinkValue];

/** Bytes are reported in steps, so that reporting them does not cause reports. Units: bytes. */
const BYTES_STEP = 10_000;

/** Writes the node's metrics for software, store and delivery into the current values, and returns the changes; sends nothing. */
export type NodeFacts = ReturnType<typeof createNodeFacts>;

/** Creates the writer of the node's metrics for software, store and delivery, in `values`. `version`: of this program. */
export function createNodeFacts(table: MetricTable, values: CurrentValues, clock: Clock, version: string) {
  const set = (name: string, value: string | number | boolean | null): readonly Change[] => {
    const entry = table.node.find((candidate) => candidate.name === name);
    const next = entry === undefined ? undefined : values.set(entry, { value, quality: 'good', atMs: clock.wallMs() });
    return entry === undefined || next === undefined ? [] : [[entry, next]];
  };
  set(NODE_METRIC.software, 'Luciole');
  set(NODE_METRIC.version, version);
  set(NODE_METRIC.rebirth, false);
  return {
    /** Updates the metrics and returns those that changed. Units: `bytesToday` bytes. */
    note: ({ epoch, backlogFrames, readingsLost, gaps }: StoreStatus, delivery: DeliveryFacts, bytesToday: number): readonly Change[] => [
      ...set(NODE_METRIC.epoch, wireEpoch(epoch)),
      ...set(NODE_METRIC.mode, delivery.mode),
      ...set(NODE_METRIC.head, delivery.headSeq),
      ...set(NODE_METRIC.sent, delivery.sentSeq),
      ...set(NODE_METRIC.cursor, delivery.cursorSeq),
      ...set(NODE_METRIC.ack, delivery.ack),
      ...set(NODE_METRIC.accept, delivery.acceptsSegments ? SEGMENTS : ''),
      ...set(NODE_METRIC.backlog, backlogFrames),
      ...set(NODE_METRIC.backlogAge, Math.max(0, Math.round((clock.wallMs() - (delivery.oldestMs ?? clock.wallMs())) / 1_000))),
      ...set(NODE_METRIC.oldest, delivery.oldestMs),
      ...set(NODE_METRIC.readingsLost, readingsLost),
      ...set(NODE_METRIC.gaps, gaps),
      ...set(NODE_METRIC.bytesToday, Math.floor(bytesToday / BYTES_STEP) * BYTES_STEP),
    ],
  };
}
