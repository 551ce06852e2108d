/** The capture file of a recording: its blocks by their specification, and what tshark makes of it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RecordedLine } from '../../../../agent/core/recorder-tools.ts';
import type { WireEntry } from '../../../../agent/core/wire-tap.ts';
import { EntryRing } from '../../../../agent/diagnosis/flight/entry-ring.ts';
import { pcapngOf } from '../../../../agent/diagnosis/flight/pcapng.ts';
import { rowsOf } from '../../../../agent/diagnosis/flight/recorded-rows.ts';
import type { FlightRecording } from '../../../../agent/diagnosis/flight/recording-codec.ts';
import { encodeWireEntry } from '../../../../agent/diagnosis/flight/wire-entry-codec.ts';
import { sealed } from '../../../drivers/port-bench.ts';
import { findProgram } from '../../../platform/mosquitto.ts';
import { recordingHead } from '../../console/fake-recorder.ts';

const SERIAL = { baud: 9_600, parity: 'even', stopBits: 1, dataBits: 8 } as const;
const AT_MS = Date.parse('2026-12-01T21:41:07.000Z');
const LINES: readonly RecordedLine[] = [
  { id: 'street', kind: 'modbus', port: '/dev/ttyS1', serial: SERIAL, devices: [] },
  { id: 'gate', kind: 'modbus', port: 'tcp://10.0.0.9:502', serial: null, devices: [] },
  { id: 'linky', kind: 'uart', port: '/dev/ttyS2', serial: SERIAL, devices: [] },
  { id: 'dali', kind: 'dali', port: '/dev/ttyS3', serial: SERIAL, devices: [] },
];
const REPLY = sealed(1, 3, 4, 0, 10, 0, 20);
const BROKEN = Buffer.from([...REPLY.subarray(0, 6), 0xff, REPLY[7] as number, REPLY[8] as number]);

const ENTRIES: Readonly<Record<string, readonly (readonly [kind: 'sent' | 'received', atMono: number, bytes: Buffer])[]>> = {
  street: [
    ['sent', 1_000.25, sealed(1, 3, 0, 0, 0, 2)],
    ['received', 1_030.5, REPLY],
    ['sent', 1_100, sealed(17, 6, 0, 1, 0, 50)],
    ['received', 1_130, sealed(17, 6, 0, 1, 0, 50)],
    ['sent', 1_200, sealed(33, 4, 3, 0, 0, 1)],
    ['received', 1_230, sealed(33, 0x84, 2)],
    ['sent', 1_300, sealed(1, 3, 0, 0, 0, 2)],
    ['received', 1_330, BROKEN],
    ['sent', 1_400, sealed(0, 16, 0, 1, 0, 1, 2, 0, 50)],
    ['received', 1_500, sealed(9, 1, 0, 0, 0, 8)],
    ['received', 1_520, sealed(9, 1, 1, 0xa5)],
    ['sent', 1_600, sealed(5, 0x2b, 14, 1, 0)],
    ['received', 1_640, Buffer.from([0xff, 0, 0xff])],
  ],
  gate: [
    ['sent', 1_050, Buffer.from([0, 7, 0, 0, 0, 6, 44, 3, 0, 0, 0, 2])],
    ['received', 1_060, Buffer.from([0, 7, 0, 0, 0, 7, 44, 3, 4, 0, 10, 0, 20])],
  ],
  linky: [['received', 1_070, Buffer.from('\nPAPP 00123 $\r')]],
  dali: [['sent', 1_080, Buffer.from('\x01DF0A0\x04', 'latin1')]],
};
/** Unit and function of each Modbus frame, in the order of time. */
const EXPECTED = [...['1 3', '1 3', '44 3', '44 3', '17 6', '17 6', '33 4', '33 4', '1 3', '1 3', '0 16', '9 1', '9 1', '5 43']];

function capture(): Buffer {
  const images = LINES.map(({ id }) => {
    const ring = new EntryRing(4_000);
    for (const [kind, atMono, bytes] of ENTRIES[id] ?? []) {
      const stored = encodeWireEntry({ kind, atMono, bytes } satisfies WireEntry);
      ring.add(stored.kind, stored.atUs, stored.content);
    }
    return { line: id, ...ring.image() };
  });
  const channels = images.map(({ line, baseUs, bytes }) => ({ line, baseUs, bytes: bytes.length, lost: 0 }));
  const part = { atMs: AT_MS + 2_000, atMono: 2_000, clockQuality: 'synced' as const, channels, packedBytes: 0 };
  const head = recordingHead({ lines: LINES, parts: [part] });
  const recording: FlightRecording = { head, parts: [{ ...part, images: images.map(({ bytes }) => bytes) }] };
  return pcapngOf(head, rowsOf(recording), 'Recording 7');
}

/** Blocks by the specification: type, total length, content, total length again. */
function blocksOf(file: Buffer): { type: number; body: Buffer }[] {
  const blocks = [];
  for (let at = 0; at < file.length; ) {
    const total = file.readUInt32LE(at + 4);
    if (total % 4 !== 0 || file.readUInt32LE(at + total - 4) !== total) throw new Error(`bad block at ${at}`);
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + total - 4) });
    at += total;
  }
  return blocks;
}

t.test('blocks, link type, times in µs and the bytes of the wire', async (t) => {
  const blocks = blocksOf(capture());
  t.strictSame(
    blocks.map(({ type }) => type),
    [0x0a0d0d0a, 1, 1, 1, 1, ...Array(EXPECTED.length + 3).fill(6)],
  );
  t.equal(blocks[0]?.body.readUInt32LE(0), 0x1a2b3c4d);
  t.equal(blocks[1]?.body.readUInt16LE(0), 252);
  const first = blocks[5]?.body as Buffer;
  const atUs = BigInt(first.readUInt32LE(4)) * 2n ** 32n + BigInt(first.readUInt32LE(8));
  t.equal(atUs, BigInt(AT_MS + 1_000) * 1_000n + 250n);
  const [captured, original] = [first.readUInt32LE(12), first.readUInt32LE(16)];
  t.equal(captured, original);
  const packet = first.subarray(20, 20 + captured);
  t.equal(packet.readUInt16BE(0), 12, 'the tag that names the dissector');
  t.equal(packet.subarray(4, 12).toString('latin1'), 'mbrtu\0\0\0');
  t.strictSame(packet.subarray(-8), sealed(1, 3, 0, 0, 0, 2));
});

const tshark = findProgram('tshark');
t.test(
  'tshark prints unit and function of every Modbus frame, without any setting',
  { skip: tshark === undefined && 'tshark is not installed' },
  async (t) => {
    const file = join(t.testdir(), 'recording.pcapng');
    writeFileSync(file, capture());
    const print = (...fields: string[]): string[] => {
      const args = ['-r', file, '-T', 'fields', '-E', 'separator=/s', ...fields.flatMap((field) => ['-e', field])];
      const env = { ...process.env, HOME: t.testdirName, XDG_CONFIG_HOME: t.testdirName };
      return execFileSync(tshark ?? '', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
        .split('\n')
        .slice(0, -1);
    };
    const printed = print('mbrtu.unit_id', 'mbtcp.unit_id', 'modbus.func_code').map((line) => line.trim().replace(/ +/g, ' '));
    t.strictSame(
      printed.filter((line) => line !== ''),
      EXPECTED,
    );
    t.equal(printed.filter((line) => line === '').length, 3, 'noise, TIC and DALI are data');
    const protocols = print('_ws.col.protocol');
    t.equal(protocols.filter((protocol) => /modbus/i.test(protocol)).length, EXPECTED.length);
    const times = print('frame.time_epoch');
    t.match(times[0], /^1796161268\.000250/);
    t.strictSame([...new Set(print('frame.interface_name'))].toSorted(), ['dali', 'gate', 'linky', 'street']);
  },
);
