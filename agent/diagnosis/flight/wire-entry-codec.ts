/**
 * Entries of a line as the bytes of a ring, and back.
 *
 * The numbers are part of the format of recordings: add new ones at the end, never change one.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { parseRecord } from '../../core/is-record.ts';
import type { Lane } from '../../core/ports.ts';
import type { WireEntry, WireResult } from '../../core/wire-tap.ts';
import type { StoredEntry } from './entry-ring.ts';

/** Kind bytes of the entries of a line. */
const KINDS = ['sent', 'received', 'discarded', 'opened', 'closed', 'lost', 'ended'] as const satisfies readonly WireEntry['kind'][];
const KIND_OF: Readonly<Record<WireEntry['kind'], number>> = {
  sent: 0,
  received: 1,
  discarded: 2,
  opened: 3,
  closed: 4,
  lost: 5,
  ended: 6,
};

/** As in the recordings; the agent's own list has the same words in another order. */
const LANE_CODES: readonly string[] = ['urgent', 'command', 'presence', 'console', 'telemetry', 'probe'] satisfies readonly Lane[];
const RESULT_CODES = [
  ...(['ok', 'timeout', 'crc', 'wrong-reply', 'doubtful', 'interrupted', 'illegal-function', 'illegal-address', 'illegal-value'] as const),
  ...(['device-failure', 'device-busy', 'port-missing', 'port-busy', 'port-refused', 'port-closed'] as const),
] as const satisfies readonly WireResult[];
const RESULT_OF = new Map<WireResult, number>(RESULT_CODES.map((code, index) => [code, index]));

const US_PER_MS = 1_000;
const NOTHING = Buffer.alloc(0);
/** The content of `ended`: unit, lane, result. */
const ended = Buffer.alloc(3);
/** The content of `discarded` begins with the number of bytes. */
const COUNT_BYTES = 4;

/** Returns the kind byte, time and content of an entry. Copy the content at once: it may be overwritten soon. Units: µs. */
export function encodeWireEntry(entry: WireEntry): StoredEntry {
  const head = { kind: KIND_OF[entry.kind], atUs: Math.round(entry.atMono * US_PER_MS) };
  switch (entry.kind) {
    case 'sent':
    case 'received':
      return { ...head, content: entry.bytes as Buffer };
    case 'discarded': {
      const content = Buffer.alloc(COUNT_BYTES + entry.bytes.length);
      content.writeUInt32BE(entry.count);
      content.set(entry.bytes, COUNT_BYTES);
      return { ...head, content };
    }
    case 'opened':
      return { ...head, content: Buffer.from(JSON.stringify(entry.serial)) };
    case 'ended':
      ended[0] = entry.unit;
      ended[1] = LANE_CODES.indexOf(entry.lane);
      ended[2] = RESULT_OF.get(entry.result) ?? 0;
      return { ...head, content: ended };
    default:
      return { ...head, content: NOTHING };
  }
}

/** Returns the entry of these bytes; undefined if this version cannot decode it. Units: `atUs` in µs, `atMono` in ms. */
export function decodeWireEntry({ kind: code, atUs, content }: StoredEntry): WireEntry | undefined {
  const kind = KINDS[code];
  const atMono = atUs / US_PER_MS;
  switch (kind) {
    case 'sent':
    case 'received':
      return { kind, atMono, bytes: content };
    case 'discarded':
      if (content.length < COUNT_BYTES) return undefined;
      return { kind, atMono, bytes: content.subarray(COUNT_BYTES), count: content.readUInt32BE() };
    case 'opened':
      return { kind, atMono, serial: serialIn(content.toString('utf8')) };
    case 'ended': {
      const [unit, lane, result] = [content[0], LANE_CODES[content[1] ?? -1], RESULT_CODES[content[2] ?? -1]];
      return unit === undefined || lane === undefined || result === undefined ? undefined : { kind, atMono, unit, lane, result };
    }
    default:
      return kind === undefined ? undefined : { kind, atMono };
  }
}

function serialIn(json: string): SerialSettings | null {
  const found = parseRecord(json);
  return found === undefined ? null : (found as unknown as SerialSettings);
}
