/**
 * The file of a recording: a head that names the evidence, the images of the memory, and checksums.
 *
 * Shape: magic, length and CRC-32 of the head (4 bytes each, big-endian), head (JSON), parts (raw deflate), CRC-32 of all before.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRawSync } from 'node:zlib';
import { isRecord, parseRecord } from '../../core/is-record.ts';
import { withMessages, withTexts } from '../../core/message-wire.ts';
import type { RecordingHead, RecordingPart } from '../../core/recorder-tools.ts';
import type { ChannelImage, FlightMark } from './flight-memory.ts';

const MAGIC = Buffer.from('LUCFLY1\n');
const AT = { headBytes: MAGIC.length, headCrc: MAGIC.length + 4, head: MAGIC.length + 8 };
const CRC_BYTES = 4;
/** Longest head. Units: bytes. Source: a cabinet of 1,000 devices has 100 kB. */
const MAX_HEAD_BYTES = 2 ** 20;
/** Longest unpacked part. Units: bytes. Source: the largest memory of the schema, 4 MB, and margin. */
const MAX_PART_BYTES = 2 ** 23;
const pack = promisify(deflateRaw);

/** A recording as read: the head, and for each part the unpacked bytes of its channels (`images`), in the order of `channels`. */
export interface FlightRecording {
  readonly head: RecordingHead;
  readonly parts: readonly (RecordingPart & { readonly images: readonly Buffer[] })[];
}

/** Number of bytes to read from the start of a file for `recordingHeadOf`; for a longer head it then returns null. */
export const HEAD_END_BYTES = AT.head + MAX_HEAD_BYTES;

/**
 * Resolves with the images packed as one part; the compression does not block the thread. `at`: when the images were made. `mark`: the one
 * with which they were made; entries since it that are no longer in a ring count as lost.
 */
export async function packPart(
  images: readonly ChannelImage[],
  at: Pick<RecordingPart, 'atMono' | 'atMs' | 'clockQuality'>,
  mark: FlightMark = new Map(),
): Promise<{ readonly part: RecordingPart; readonly packed: Buffer }> {
  const packed = await pack(Buffer.concat(images.map(({ bytes }) => bytes)));
  const channels = images.map(({ line, baseUs, bytes, fromSeq }) => ({
    line,
    baseUs,
    bytes: bytes.length,
    lost: fromSeq - (mark.get(line) ?? 0),
  }));
  return { part: { ...at, channels, packedBytes: packed.length }, packed };
}

/** Returns the content of the file of a recording. `packed`: the compressed bytes of each of `head.parts`, in that order. */
export function encodeRecording(head: RecordingHead, packed: readonly Uint8Array[]): Buffer {
  const json = Buffer.from(JSON.stringify(withTexts(head)));
  const begin = Buffer.alloc(AT.head);
  MAGIC.copy(begin);
  begin.writeUInt32BE(json.length, AT.headBytes);
  begin.writeUInt32BE(crc32(json), AT.headCrc);
  const body = Buffer.concat([begin, json, ...packed, Buffer.alloc(CRC_BYTES)]);
  body.writeUInt32BE(crc32(body.subarray(0, -CRC_BYTES)), body.length - CRC_BYTES);
  return body;
}

/**
 * Reads the head of a recording from the first bytes of its file. Null if the head is damaged, incomplete or not of a recording; the rest
 * of the file is not checked.
 */
export function recordingHeadOf(begin: Buffer): RecordingHead | null {
  if (begin.length < AT.head || !begin.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const end = AT.head + begin.readUInt32BE(AT.headBytes);
  const json = begin.subarray(AT.head, end);
  if (end > begin.length || crc32(json) !== begin.readUInt32BE(AT.headCrc)) return null;
  const head = parseRecord(json.toString('utf8'));
  return head === undefined || !isHead(head) ? null : (withMessages(head) as RecordingHead);
}

/** Decodes the whole file of a recording. Null if it is damaged, incomplete or not of a recording. */
export function decodeRecording(file: Buffer): FlightRecording | null {
  const found = packedPartsOf(file);
  if (found === null) return null;
  const parts: FlightRecording['parts'][number][] = [];
  for (const [index, part] of found.head.parts.entries()) {
    const bytes = unpacked(found.packed[index] as Buffer);
    if (bytes === null) return null;
    const lengths = part.channels.map((channel) => channel.bytes);
    parts.push({ ...part, images: cut(bytes, lengths) });
  }
  return { head: found.head, parts };
}

function unpacked(packed: Buffer): Buffer | null {
  try {
    return inflateRawSync(packed, { maxOutputLength: MAX_PART_BYTES });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/**
 * Returns the head and, in the order of `head.parts`, the parts of a file, still compressed. Null if it is damaged, incomplete or not of a
 * recording.
 */
export function packedPartsOf(file: Buffer): { readonly head: RecordingHead; readonly packed: readonly Buffer[] } | null {
  const head = recordingHeadOf(file);
  if (head === null || file.readUInt32BE(file.length - CRC_BYTES) !== crc32(file.subarray(0, -CRC_BYTES))) return null;
  const body = file.subarray(AT.head + file.readUInt32BE(AT.headBytes));
  return {
    head,
    packed: cut(
      body,
      head.parts.map(({ packedBytes }) => packedBytes),
    ),
  };
}

/** Cuts bytes one after the other into pieces of these lengths. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let from = 0;
  return lengths.map((length) => {
    from += length;
    return bytes.subarray(from - length, from);
  });
}

function isHead(head: Readonly<Record<string, unknown>>): boolean {
  const { parts, alarms, lines, cause } = head;
  return [parts, alarms, lines].every(Array.isArray) && (cause === 'alarm' || cause === 'request') && (parts as unknown[]).every(isPart);
}

function isPart(part: unknown): boolean {
  return (
    isRecord(part) && Array.isArray(part['channels']) && Number.isSafeInteger(part['packedBytes']) && typeof part['atMono'] === 'number'
  );
}
