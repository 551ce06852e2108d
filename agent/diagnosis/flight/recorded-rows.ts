/** The rows of a recording in the order of time: frames with their gaps, ends of transactions, ports, decisions and events. Pure. */
import { createFrameSplitter, type WireFrame } from '../../../drivers/modbus/frame-splitter.ts';
import type { WallMs } from '../../core/clock.ts';
import { parseRecord } from '../../core/is-record.ts';
import { sniffedLineOf } from '../../core/line-sniffer.ts';
import { withMessages } from '../../core/message-wire.ts';
import type { FlightRow, RecordedLine } from '../../core/recorder-tools.ts';
import type { WireEntry } from '../../core/wire-tap.ts';
import { entriesOf, type StoredEntry } from './entry-ring.ts';
import { LOG_KINDS } from './flight-memory.ts';
import type { FlightRecording } from './recording-codec.ts';
import { decodeWireEntry } from './wire-entry-codec.ts';

const US_PER_MS = 1_000;

/** A moment of both clocks. */
interface Anchor {
  readonly atMs: WallMs;
  readonly atMono: number;
}
type Placed<T> = { readonly item: T; readonly anchor: Anchor };
type Times = Pick<FlightRow, 'atMs' | 'atUs'>;

/**
 * Returns the rows of a recording in the order of `atUs`: of the lines that its head names, and of decisions and events. Entries that this
 * version cannot decode are left out. Errors: throws RangeError for an entry that is not complete.
 */
export function rowsOf(recording: FlightRecording): FlightRow[] {
  const lines = recording.head.lines.map((line) => lineRows(line, placedEntries(recording, line.id)));
  const log = placedEntries(recording, null).flatMap(logRow);
  // The sort is stable: rows of one time keep the order of their line.
  return [...lines, log].flat().sort((a, b) => a.atUs - b.atUs);
}

/** Returns a frame as a row of a line. `anchor`: a moment of both clocks, from which the wall time of the row follows. */
export function frameRow(line: string, frame: WireFrame, anchor: Anchor): FlightRow {
  const { direction, kind, unit, fc, isForeign, bytes, gapMs, atMono } = frame;
  const gapUs = gapMs === null ? null : Math.round(gapMs * US_PER_MS);
  return { ...timesOf(atMono, anchor), what: 'frame', line, direction, kind, unit, fc, gapUs, isForeign, bytes: bytes.toString('hex') };
}

function timesOf(atMono: number, anchor: Anchor): Times {
  return { atUs: Math.round(atMono * US_PER_MS), atMs: anchor.atMs + (atMono - anchor.atMono) };
}

function placedEntries({ parts }: FlightRecording, line: string | null): Placed<StoredEntry>[] {
  return parts.flatMap((part) =>
    part.channels.flatMap(({ line: id, baseUs }, index) =>
      id !== line ? [] : entriesOf({ baseUs, bytes: part.images[index] as Buffer }).map((item) => ({ item, anchor: part })),
    ),
  );
}

function lineRows(line: RecordedLine, entries: readonly Placed<StoredEntry>[]): FlightRow[] {
  const rows: FlightRow[] = [];
  let anchor: Anchor = { atMs: 0, atMono: 0 };
  const splitter = createFrameSplitter({
    ...sniffedLineOf(line),
    onFrame: (frame) => void rows.push(frameRow(line.id, frame, anchor)),
  });
  for (const placed of entries) {
    const entry = decodeWireEntry(placed.item);
    if (entry === undefined) continue;
    splitter.flush(entry.atMono);
    anchor = placed.anchor;
    splitter.add(entry);
    rows.push(...otherRow(line.id, entry, anchor));
  }
  splitter.end();
  return rows;
}

function otherRow(line: string, entry: WireEntry, anchor: Anchor): FlightRow[] {
  const times = timesOf(entry.atMono, anchor);
  if (entry.kind === 'ended') return [{ ...times, what: 'end', line, unit: entry.unit, lane: entry.lane, result: entry.result }];
  if (entry.kind === 'opened') return [{ ...times, what: 'port', line, state: 'opened', serial: entry.serial }];
  if (entry.kind === 'closed' || entry.kind === 'lost') return [{ ...times, what: 'port', line, state: entry.kind, serial: null }];
  if (entry.kind !== 'discarded' || entry.bytes.length > 0) return [];
  return [{ ...times, what: 'dropped', line, count: entry.count }];
}

function logRow({ item: { kind, atUs, content }, anchor }: Placed<StoredEntry>): FlightRow[] {
  const fields = parseRecord(content.toString('utf8'));
  const what = kind === LOG_KINDS.decision ? 'decision' : kind === LOG_KINDS.event ? 'event' : undefined;
  if (fields === undefined || what === undefined) return [];
  const isHeld = what === 'decision' ? { isHeld: fields['isHeld'] === true } : {};
  const said = withMessages(fields) as object;
  return [{ ...timesOf(atUs / US_PER_MS, anchor), what, ...said, ...isHeld } as FlightRow];
}
