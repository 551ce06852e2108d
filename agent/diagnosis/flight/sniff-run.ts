/** One passive observation of a line: its frames as they happen, and on request the bytes for a recording. */
import { createFrameSplitter } from '../../../drivers/modbus/frame-splitter.ts';
import { type Clock, every } from '../../core/clock.ts';
import type { SniffedLine } from '../../core/line-sniffer.ts';
import type { FlightRow, LineCapture } from '../../core/recorder-tools.ts';
import type { WireTap } from '../../core/wire-tap.ts';
import { EntryRing } from './entry-ring.ts';
import { frameRow } from './recorded-rows.ts';
import { encodeWireEntry } from './wire-entry-codec.ts';

/** How often frames are completed that were followed by silence. Units: ms. Source: assumed; a person reads slower, and 50 timers a second cost nothing. Confirmed by: CPU of a `bus sniff` on the gateway. */
const FLUSH_MS = 20;

/**
 * What an observation uses. `line`: id of the line or path of the port. `captureBytes`: memory for the recording; null for none. Units:
 * bytes.
 */
export interface SniffRunParts extends SniffedLine {
  readonly line: string;
  readonly clock: Pick<Clock, 'monoMs' | 'wallMs' | 'after'>;
  readonly captureBytes: number | null;
  readonly onFrame: (row: Extract<FlightRow, { what: 'frame' }>) => void;
}

/**
 * A running observation. `tap` takes what passes on the line. Call `end` after the last entry: it completes the last frames and returns
 * the newest entries that fit into `captureBytes`; null without that memory.
 */
export interface SniffRun {
  readonly tap: WireTap;
  end(): Pick<LineCapture, 'baseUs' | 'bytes' | 'lost'> | null;
}

/** Starts an observation of what the caller passes to `tap`. `onFrame` receives each frame once it is complete. It runs until `end`. */
export function startSniff({ line, clock, protocol, serial, isNetwork, captureBytes, onFrame }: SniffRunParts): SniffRun {
  const ring = captureBytes === null ? null : new EntryRing(captureBytes);
  const splitter = createFrameSplitter({
    protocol,
    serial,
    isNetwork,
    onFrame(frame) {
      const row = frameRow(line, frame, { atMs: clock.wallMs(), atMono: clock.monoMs() });
      if (row.what === 'frame') onFrame(row);
    },
  });
  const flushing = every(clock, FLUSH_MS, () => splitter.flush(clock.monoMs()));
  return {
    tap(entry) {
      splitter.add(entry);
      if (ring === null) return;
      const { kind, atUs, content } = encodeWireEntry(entry);
      ring.add(kind, atUs, content);
    },
    end() {
      flushing.cancel();
      splitter.end();
      if (ring === null) return null;
      const { baseUs, bytes, fromSeq } = ring.image();
      return { baseUs, bytes, lost: fromSeq };
    },
  };
}
