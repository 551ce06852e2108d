/** The file of a recording: what goes in comes out, and any damage is found. */
import fc from 'fast-check';
import t from 'tap';
import type { WireEntry } from '../../../../agent/core/wire-tap.ts';
import { EntryRing, entriesOf } from '../../../../agent/diagnosis/flight/entry-ring.ts';
import { decodeRecording, encodeRecording, packPart, recordingHeadOf } from '../../../../agent/diagnosis/flight/recording-codec.ts';
import { decodeWireEntry, encodeWireEntry } from '../../../../agent/diagnosis/flight/wire-entry-codec.ts';
import { recordingHead } from '../../console/fake-recorder.ts';

const atMono = fc.integer({ min: 0, max: 10 ** 12 }).map((us) => us / 1_000);
const bytes = fc.uint8Array({ maxLength: 260 }).map((each) => Buffer.from(each));
const serial = fc.record({
  baud: fc.constantFrom(1_200, 9_600, 921_600),
  parity: fc.constantFrom('none', 'even', 'odd'),
  stopBits: fc.constantFrom(1, 2),
  dataBits: fc.constantFrom(7, 8),
}) as fc.Arbitrary<NonNullable<Extract<WireEntry, { kind: 'opened' }>['serial']>>;
const wireEntry: fc.Arbitrary<WireEntry> = fc.oneof(
  fc.record({ kind: fc.constantFrom('sent' as const, 'received' as const), atMono, bytes }),
  bytes.chain((each) =>
    fc.record({ kind: fc.constant('discarded' as const), atMono, bytes: fc.constant(each), count: fc.integer({ min: 0, max: 2 ** 31 }) }),
  ),
  fc.record({ kind: fc.constant('opened' as const), atMono, serial: fc.option(serial) }),
  fc.record({ kind: fc.constantFrom('closed' as const, 'lost' as const), atMono }),
  fc.record({
    kind: fc.constant('ended' as const),
    atMono,
    unit: fc.integer({ min: 0, max: 247 }),
    lane: fc.constantFrom('urgent', 'command', 'presence', 'console', 'telemetry', 'probe'),
    result: fc.constantFrom('ok', 'timeout', 'crc', 'port-closed', 'device-busy'),
  }),
);

t.test('each entry of a line survives the ring', async () => {
  fc.assert(
    fc.property(wireEntry, (entry) => {
      const ring = new EntryRing(1_000);
      const { kind, atUs, content } = encodeWireEntry(entry);
      ring.add(kind, atUs, content);
      const [stored] = entriesOf(ring.image());
      const found = stored === undefined ? undefined : decodeWireEntry(stored);
      if (JSON.stringify(found) !== JSON.stringify(entry)) throw new Error(`${JSON.stringify(found)} for ${JSON.stringify(entry)}`);
    }),
  );
});

t.test('an entry of a later version is left out', async (t) => {
  t.equal(decodeWireEntry({ kind: 99, atUs: 1, content: Buffer.alloc(0) }), undefined);
  t.equal(decodeWireEntry({ kind: 6, atUs: 1, content: Buffer.from([1, 77, 0]) }), undefined);
  t.equal(decodeWireEntry({ kind: 2, atUs: 1, content: Buffer.from([1]) }), undefined);
});

async function sample(): Promise<Buffer> {
  const ring = new EntryRing(1_000);
  for (let i = 0; i < 9; i++) ring.add(0, i * 1_000, Buffer.from([1, 3, i]));
  const images = [
    { line: 'street', ...ring.image(), nextSeq: ring.nextSeq },
    { line: null, ...new EntryRing(64).image(), nextSeq: 0 },
  ];
  const { part, packed } = await packPart(images, { atMono: 12, atMs: 1_800_000_000_000, clockQuality: 'rtc' });
  return encodeRecording(recordingHead({ parts: [part] }), [packed]);
}

t.test('a recording has its facts, its alarms as messages, and its bytes', async (t) => {
  const file = await sample();
  const recording = decodeRecording(file);
  t.match(recording?.head, { version: '0.1.0', cabinetId: 'c1', revision: 3, alarms: [{ code: 'line-down' }] });
  t.equal(recording?.head.alarms[0]?.text.id, 'the line {0} is down', 'still a template, so a reader gets his language');
  const [part] = recording?.parts ?? [];
  t.match(part, { atMono: 12, clockQuality: 'rtc' });
  t.equal(entriesOf({ baseUs: part?.channels[0]?.baseUs ?? 0, bytes: part?.images[0] as Buffer }).length, 9);
});

t.test('a part that cannot be unpacked is damaged too', async (t) => {
  const { head } = decodeRecording(await sample()) ?? {};
  const packed = Buffer.from('not deflated');
  const parts = head?.parts.map((part) => ({ ...part, packedBytes: packed.length })) ?? [];
  t.equal(decodeRecording(encodeRecording(recordingHead({ parts }), [packed])), null);
});

t.test('any changed or missing byte is found', async (t) => {
  const file = await sample();
  for (let at = 0; at < file.length; at++) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] as number) ^ 0x20;
    if (decodeRecording(damaged) !== null) t.fail(`byte ${at} changed unseen`);
  }
  for (let length = 0; length < file.length; length++)
    if (decodeRecording(file.subarray(0, length)) !== null) t.fail(`cut at ${length} unseen`);
  t.equal(recordingHeadOf(Buffer.from('#!/bin/sh')), null);
  t.not(recordingHeadOf(file.subarray(0, -30)), null, 'the head alone can be read');
});
