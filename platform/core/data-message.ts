/** Finds what the aliases and names of a data message stand for, before any of it is added to a batch. Pure. */
import { type BornMetric, isReading } from './births.ts';
import { markOf, type RowMark } from './rows-mark.ts';
import { type PackedReading, unpackSegment } from './segment.ts';
import type { HostMetric, HostPayload } from './wire.ts';

/** What is known of a node: its number in the database, and the metrics behind aliases and names. */
export interface NodeDirectory {
  readonly id: number;
  /** The epoch of its last NBIRTH, empty if that had none; null before the first. */
  readonly epoch: string | null;
  /** The metric behind an alias in an epoch, of any device; undefined if no known birth has it. */
  metric(epoch: string, alias: number): BornMetric | undefined;
  /** The number of a series; undefined if it has none yet. */
  series(device: string, quantity: string): number | undefined;
}

/** A quantity of a device by its names. `device` is empty for the node itself. */
export interface PointName {
  readonly device: string;
  readonly quantity: string;
}

/**
 * Why a message cannot be decoded yet. `birth-missing`: no known birth of its device, in the epoch that `decodeData` uses, has one of its
 * aliases; or a metric has neither name nor alias. `series-missing`: these series have no number.
 */
export type Undecoded = { readonly kind: 'birth-missing' } | { readonly kind: 'series-missing'; readonly points: readonly PointName[] };

/**
 * A message of which every metric is known. `metrics`: without the row mark and the segments. `packed`: the readings of the segment.
 * `badSegments`: how many segments were not unpacked; all of them if there are several.
 */
export interface DecodedData {
  readonly kind: 'decoded';
  readonly mark: RowMark | undefined;
  readonly metrics: readonly { readonly metric: HostMetric; readonly born: BornMetric }[];
  readonly packed: readonly { readonly reading: PackedReading; readonly series: number }[];
  readonly badSegments: number;
}

/**
 * Decodes the data of a device; `device` is empty for the node itself. What an alias stands for is decided by the epoch of the rows, or
 * without rows by that of the last NBIRTH.
 */
export function decodeData({ metrics }: HostPayload, device: string, node: NodeDirectory): DecodedData | Undecoded {
  const marked = markOf(metrics);
  const epoch = marked?.mark.epoch ?? node.epoch ?? '';
  const found: { readonly metric: HostMetric; readonly born: BornMetric }[] = [];
  const unnumbered: PointName[] = [];
  for (const metric of metrics) {
    if (metric === marked?.metric) continue;
    const born = findMetric(metric, device, epoch, node);
    if (born === undefined) return { kind: 'birth-missing' };
    if (born === 'no-series') unnumbered.push({ device, quantity: metric.name ?? '' });
    else found.push({ metric, born });
  }
  const { packed, missing, badSegments } = unpackAll(found, node);
  const points = [...unnumbered, ...missing];
  if (points.length > 0) return { kind: 'series-missing', points };
  return { kind: 'decoded', mark: marked?.mark, metrics: found.filter(({ born }) => born.name !== 'Sync/Segment'), packed, badSegments };
}

/** A message has one segment, so that its size is bounded: of several none is unpacked. Source: docs/platform.md, "Packed backlog". */
function unpackAll(
  found: DecodedData['metrics'],
  node: NodeDirectory,
): Pick<DecodedData, 'packed' | 'badSegments'> & { readonly missing: readonly PointName[] } {
  const packed: { readonly reading: PackedReading; readonly series: number }[] = [];
  const missing = new Map<string, PointName>();
  const segments = found.filter(({ born }) => born.name === 'Sync/Segment');
  const bytes = segments.length === 1 ? segments[0]?.metric.value : undefined;
  const readings = bytes instanceof Uint8Array ? unpackSegment(bytes) : undefined;
  for (const reading of readings ?? []) {
    const { device, quantity } = reading;
    const series = node.series(device, quantity);
    if (series === undefined) missing.set(`${device}.${quantity}`, { device, quantity });
    else packed.push({ reading, series });
  }
  return { packed, missing: [...missing.values()], badSegments: readings === undefined ? segments.length : 0 };
}

/** Undefined if the alias has no birth, or is that of another device: then the birth that this node uses has not arrived yet. */
function findMetric(
  { name, alias, datatype }: HostMetric,
  device: string,
  epoch: string,
  node: NodeDirectory,
): BornMetric | 'no-series' | undefined {
  if (name === undefined) {
    const born = alias === undefined ? undefined : node.metric(epoch, alias);
    return born?.device === device ? born : undefined;
  }
  if (!isReading(name)) return { device, name, datatype: datatype ?? 0, series: null };
  const series = node.series(device, name);
  return series === undefined ? 'no-series' : { device, name, datatype: datatype ?? 0, series };
}
