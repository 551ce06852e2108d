/**
 * Formats readings as lines of an export. Pure.
 *
 * Shape: CSV has a line of titles, then one line per reading: seq, time, point, value, unit, quality, corrected. JSON Lines has the same
 * fields by name, after one line with store, time and program. Times are UTC; no value is empty or null.
 */
import type { StoredFrame, StoredReading } from '../../../core/ports.ts';
import { csvLine } from '../../text/csv.ts';
import type { ExportAnswer } from './export.ts';

export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const FIELDS = ['seq', 'time', 'point', 'value', 'unit', 'quality', 'corrected'] as const;

/** What stands before the first reading. */
export function headOf({ epoch, fromMs, toMs }: Pick<ExportAnswer, 'epoch' | 'fromMs' | 'toMs'>, format: ExportFormat): string {
  if (format === 'csv') return `${csvLine(FIELDS)}\n`;
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return `${JSON.stringify({ luciole: 'export', epoch, from, to })}\n`;
}

/** All readings of the frames, each a line with its end. */
export function linesOf({ frames, units }: Pick<ExportAnswer, 'frames' | 'units'>, format: ExportFormat): string {
  const line = (frame: StoredFrame, reading: StoredReading): string => {
    const { pointId, value, quality, atMs } = reading;
    const fields = [frame.seq, new Date(atMs).toISOString(), pointId, value, units[pointId] ?? '', quality, frame.isCorrected] as const;
    if (format === 'csv') return `${csvLine(fields)}\n`;
    return `${JSON.stringify(Object.fromEntries(FIELDS.map((name, index) => [name, fields[index]])))}\n`;
  };
  return frames.flatMap((frame) => frame.readings.map((reading) => line(frame, reading))).join('');
}
