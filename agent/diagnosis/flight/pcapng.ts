/**
 * A recording as a capture file that Wireshark and tshark decode without any setting, except that they do not verify the checksum.
 *
 * Each packet names its dissector (`mbrtu`, `mbtcp`, `data`), so that the bytes are those of the wire, checksum included. Pure.
 * Source: draft-ietf-opsawg-pcapng: section header, interface description, enhanced packet; LINKTYPE_WIRESHARK_UPPER_PDU (252) and its tags in
 * Wireshark, epan/exported_pdu.h.
 */

import { sniffedLineOf } from '../../core/line-sniffer.ts';
import type { FlightRow, RecordedLine, RecordingHead } from '../../core/recorder-tools.ts';

const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 };
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_UPPER_PDU = 252;
/** Options. Source: as above, sections 3.5, 4.1, 4.2 and 4.3. */
const OPTION = { end: 0, comment: 1, userApplication: 4, interfaceName: 2, interfaceText: 3, timeResolution: 9, packetFlags: 2 };
/** Timestamps count µs: 10^-6. */
const MICROSECONDS = 6;
const US_PER_MS = 1_000;
/** Direction of a packet. Source: as above, section 4.3.1. */
const DIRECTION = { received: 1, discarded: 1, sent: 2 } as const;
const TAG = { end: 0, dissector: 12, portType: 24, sourcePort: 25, destinationPort: 26 };
/** `EXP_PDU_PT_TCP`: the ports below are those of TCP. */
const PORT_TYPE_TCP = 2;
/** Ports from which the dissector knows a request from a reply; a serial line has none. Source: the port of Modbus TCP, and any other. */
const PORTS = { modbus: 502, other: 1_024 };
const DISSECTOR = { rtu: 'mbrtu', tcp: 'mbtcp', raw: 'data' } as const;
/** Frames whose bytes a Modbus dissector can read. */
const MODBUS_KINDS = new Set(['request', 'reply', 'exception', 'echo', 'frame', 'damaged']);
/** The dissector `mbrtu` refuses shorter frames, and frames to unit 0. Source: Wireshark 4.4, packet-mbtcp.c, and a run of tshark 4.4.19. */
const LEAST_RTU_BYTES = 5;
const LEAST_BYTES = 4;
const CHECKSUM_BYTES = 2;
const MBAP_BYTES = 6;
/** Kinds that are a request; others are replies. */
const REQUESTS = new Set(['request', 'echo']);

/**
 * Returns the capture file of a recording: an interface for each line, and a packet for each frame on these lines. `comment`: for the
 * section of the file.
 */
export function pcapngOf(head: RecordingHead, rows: readonly FlightRow[], comment: string): Buffer {
  const indexOf = new Map(head.lines.map(({ id }, index) => [id, index]));
  const blocks = [sectionBlock(head, comment), ...head.lines.map(interfaceBlock)];
  for (const row of rows) {
    const index = row.what === 'frame' ? indexOf.get(row.line) : undefined;
    const line = index === undefined ? undefined : head.lines[index];
    if (row.what === 'frame' && index !== undefined && line !== undefined) blocks.push(packetBlock(row, index, line));
  }
  return Buffer.concat(blocks);
}

function sectionBlock({ version }: RecordingHead, comment: string): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  fixed.writeUInt16LE(1, 4);
  // Length of the section: not specified.
  fixed.fill(0xff, 8);
  return block(BLOCK.section, fixed, options([OPTION.comment, comment], [OPTION.userApplication, `luciole ${version}`]));
}

function interfaceBlock({ id, kind, port, serial }: RecordedLine): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(LINKTYPE_UPPER_PDU, 0);
  const settings = serial === null ? '' : `, ${serial.baud} ${serial.dataBits}${serial.parity.charAt(0).toUpperCase()}${serial.stopBits}`;
  const text = `${kind}, ${port}${settings}`;
  const named = options([OPTION.interfaceName, id], [OPTION.interfaceText, text], [OPTION.timeResolution, Buffer.from([MICROSECONDS])]);
  return block(BLOCK.interface, fixed, named);
}

function packetBlock(row: Extract<FlightRow, { what: 'frame' }>, index: number, line: RecordedLine): Buffer {
  const { dissector, bytes, note } = dissected(row, line);
  const tags = [textTag(TAG.dissector, dissector), ...(dissector === DISSECTOR.raw ? [] : portTags(REQUESTS.has(row.kind)))];
  const packet = Buffer.concat([...tags, textTag(TAG.end, ''), bytes]);
  const atUs = BigInt(Math.round(row.atMs * US_PER_MS));
  const fixed = Buffer.alloc(20);
  fixed.writeUInt32LE(index, 0);
  fixed.writeUInt32LE(Number(atUs >> 32n), 4);
  fixed.writeUInt32LE(Number(atUs & 0xffff_ffffn), 8);
  fixed.writeUInt32LE(packet.length, 12);
  fixed.writeUInt32LE(packet.length, 16);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(DIRECTION[row.direction]);
  const gap = row.gapUs === null ? '' : `, gap ${row.gapUs} us`;
  const said = `${row.direction} ${row.kind}${row.isForeign ? ' of another sender' : ''}${gap}${note}`;
  return block(BLOCK.packet, fixed, padded(packet), options([OPTION.comment, said], [OPTION.packetFlags, flags]));
}

/**
 * Returns the bytes of a frame and the dissector that reads them: those of the wire, except for a frame that Wireshark's RTU dissector refuses. Such a frame
 * is written as Modbus TCP, without its checksum, and its comment says so.
 */
function dissected({ kind, bytes: hex }: Extract<FlightRow, { what: 'frame' }>, line: RecordedLine) {
  const bytes = Buffer.from(hex, 'hex');
  const { protocol } = sniffedLineOf(line);
  const isWhole = kind !== 'damaged' || bytes.length >= LEAST_RTU_BYTES;
  if (!MODBUS_KINDS.has(kind) || bytes.length < LEAST_BYTES || !isWhole) return { dissector: DISSECTOR.raw, bytes, note: '' };
  if (protocol !== 'rtu' || (bytes[0] !== 0 && bytes.length >= LEAST_RTU_BYTES)) return { dissector: DISSECTOR[protocol], bytes, note: '' };
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const header = Buffer.alloc(MBAP_BYTES);
  header.writeUInt16BE(body.length, 4);
  const note = `; on the wire ${hex}, shown as Modbus TCP because Wireshark's RTU dissector refuses it`;
  return { dissector: DISSECTOR.tcp, bytes: Buffer.concat([header, body]), note };
}

function portTags(isRequest: boolean): Buffer[] {
  const [source, destination] = isRequest ? [PORTS.other, PORTS.modbus] : [PORTS.modbus, PORTS.other];
  return [numberTag(TAG.portType, PORT_TYPE_TCP), numberTag(TAG.sourcePort, source), numberTag(TAG.destinationPort, destination)];
}

function numberTag(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return tag(type, bytes);
}

function textTag(type: number, text: string): Buffer {
  return tag(type, padded(Buffer.from(text)));
}

/** Type, length and numbers of an exported PDU are big-endian. The length of a value is a multiple of four. */
function tag(type: number, value: Buffer): Buffer {
  const begin = Buffer.alloc(4);
  begin.writeUInt16BE(type, 0);
  begin.writeUInt16BE(value.length, 2);
  return Buffer.concat([begin, value]);
}

function options(...each: readonly (readonly [code: number, value: string | Buffer])[]): Buffer {
  const written = each.map(([code, value]) => {
    const bytes = Buffer.from(value as string);
    const begin = Buffer.alloc(4);
    begin.writeUInt16LE(code, 0);
    begin.writeUInt16LE(bytes.length, 2);
    return Buffer.concat([begin, padded(bytes)]);
  });
  return Buffer.concat([...written, Buffer.alloc(4)]);
}

function block(type: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const total = body.length + 12;
  const begin = Buffer.alloc(8);
  begin.writeUInt32LE(type, 0);
  begin.writeUInt32LE(total, 4);
  const end = Buffer.alloc(4);
  end.writeUInt32LE(total);
  return Buffer.concat([begin, body, end]);
}

function padded(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
