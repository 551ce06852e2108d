import fc from 'fast-check';
import t from 'tap';
import { byteValue } from '../../drivers/dali/byte-values.ts';
import { configFrame, levelFrame, meaningOf, queryFrame, specialFrame } from '../../drivers/dali/dali-commands.ts';
import { daliExchange } from '../../drivers/dali/dali-examples.ts';
import { registerRead, registerWrite } from '../../drivers/dali/dali-registers.ts';
import { daliSetup } from '../../drivers/dali/dali-setup.ts';
import { createFoxtronReader, foxtronFrame, itemQuery, messageOf, sendMessage } from '../../drivers/dali/foxtron-frames.ts';

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').replace('\x01', 'SOH ').replace('\x17', ' ETB');

t.test('frames equal those that the sources of the protocol give', async (t) => {
  t.equal(ascii(foxtronFrame([0x01, 0x00, 0x10, 0xff, 0x10])), 'SOH 010010FF10DF ETB', 'Foxtron, protocol 1.7, its example');
  t.equal(ascii(itemQuery(2)), 'SOH 0602F7 ETB', 'ha-foxtron-dali, firmware query');
  t.same(createFoxtronReader().feed(Buffer.from('\x010418A1E00260\x17', 'latin1')), [[0x04, 0x18, 0xa1, 0xe0, 0x02]], 'a button event');
  t.equal(ascii(sendMessage({ address: 3, data: 0x90, isQuery: true, priority: 4 })), ascii(foxtronFrame([0x0b, 4, 0x10, 3, 0x90, 0])));
  t.equal(ascii(sendMessage(configFrame(1, 0x60))), ascii(foxtronFrame([0x0b, 3, 0x10, 3, 0x60, 1])), 'sent twice');
});

t.test('the reader finds each frame in any pieces and any noise, and nothing else', async (t) => {
  const data = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 2, maxLength: 13 });
  fc.assert(
    fc.property(
      fc.array(data, { maxLength: 6 }),
      fc.array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (frames, noise, size) => {
        const bytes = Buffer.concat(frames.flatMap((each) => [Buffer.from(noise), foxtronFrame(each)]));
        const reader = createFoxtronReader();
        const found: number[][] = [];
        for (let at = 0; at < bytes.length; at += size) found.push(...reader.feed(bytes.subarray(at, at + size)));
        t.same(found, frames);
      },
    ),
  );
});

t.test('a frame with any one digit changed is not accepted', async (t) => {
  const right = foxtronFrame([0x0d, 0x10, 0x08, 0x03, 0x90, 0x04]);
  for (let at = 1; at < right.length - 1; at++) {
    for (const digit of '0123456789ABCDEF') {
      const bytes = Buffer.from(right);
      bytes[at] = digit.charCodeAt(0);
      if (bytes.equals(right)) continue;
      t.same(createFoxtronReader().feed(bytes), [], `${at} ${digit}`);
    }
  }
});

t.test('a message says what happened on the bus', async (t) => {
  t.same(messageOf([0x0d, 16, 8, 3, 0x90, 4]), { kind: 'sent', address: 3, data: 0x90, answer: 4 });
  t.same(messageOf([0x0d, 16, 0, 3, 0x90]), { kind: 'sent', address: 3, data: 0x90, answer: 'damaged' }, 'two gears at once');
  t.same(messageOf([0x0e, 16, 3, 0x90]), { kind: 'sent', address: 3, data: 0x90, answer: null });
  t.same(messageOf([0x04, 16, 3, 0x90]), { kind: 'heard', bits: 16 });
  t.same(messageOf([0x04, 24, 1, 2, 3]), { kind: 'heard', bits: 24 });
  t.same(messageOf([0x05, 1]), { kind: 'special', code: 1 });
  t.same(messageOf([0x07, 3, 0, 1]), { kind: 'item', item: 3, value: 1 });
  for (const odd of [
    [],
    [0x0d],
    [0x0d, 16, 8, 3, 0x90],
    [0x0d, 24, 8, 3, 0x90, 4],
    [0x0e, 24, 3, 0x90, 1],
    [0x0e, 16, 3],
    [0x05],
    [0x42, 1, 2],
  ])
    t.equal(messageOf(odd), null, `${odd}`);
});

t.test('every frame means to gear what it was built for', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 254 }), (gear, group, byte) => {
      const meaning = ({ address, data }: { address: number; data: number }) => meaningOf(address, data);
      t.same(meaning(levelFrame({ gear }, byte)), { kind: 'level', target: { gear }, level: byte });
      t.same(meaning(levelFrame({ group }, byte)), { kind: 'level', target: { group }, level: byte });
      t.same(meaning(levelFrame('all', byte)), { kind: 'level', target: 'all', level: byte });
      t.same(meaning(queryFrame(gear, byte)), { kind: 'command', target: { gear }, opcode: byte });
      for (const name of ['dtr0', 'dtr1', 'enableDeviceType', 'writeMemory', 'writeMemoryNoReply'] as const)
        t.same(meaning(specialFrame(name, byte)), { kind: 'special', name, value: byte });
    }),
    { numRuns: 50 },
  );
  t.equal(meaningOf(0xa1, 0), null, 'TERMINATE is not used here');
});

t.test('registers of a gear are read and written by the commands of the standard', async (t) => {
  const bytesOf = (frames: readonly { address: number; data: number; isTwice?: true }[] | undefined): string | undefined =>
    frames?.map(({ address, data, isTwice }) => `${address.toString(16)} ${data.toString(16)}${isTwice ? ' twice' : ''}`).join(', ');
  const reads: readonly (readonly [number, string, number, number])[] = [
    [0x0000, 'b a0', 200, 200],
    [0x0090, 'b 90', 4, 4],
    [0x002c, 'b a4', 241, 241],
    [0x002d, 'b a3', 254, 254],
    [0x002e, 'b a5', 0x47, 4],
    [0x002f, 'b a5', 0x47, 7],
    [0x06f1, 'c1 6, b f1', 2, 2],
  ];
  for (const [address, frames, answer, value] of reads) {
    const read = registerRead(5, 'holding', address);
    t.equal(bytesOf(read?.frames), frames, `read ${address.toString(16)}`);
    t.equal(read?.valueOf(answer), value);
  }
  for (const address of [1, 0x50, 0xc5, 0x0610, 0xfe00]) t.equal(registerRead(5, 'holding', address), undefined, `${address}`);
  const writes: readonly (readonly [number, number, string | undefined])[] = [
    [0x0000, 254, 'a fe'],
    [0x0000, 255, undefined],
    [0xfe03, 0, '86 0'],
    [0xfe10, 10, 'fe a'],
    [0xfe11, 10, undefined],
    [0x002c, 255, 'a3 ff, b 2c twice'],
    [0x002e, 15, 'a3 f, b 2e twice'],
    [0x002e, 16, undefined],
    [0x0090, 1, undefined],
    [0x0020, 1, undefined],
    [0x0000, 1.5, undefined],
    [0x0000, -1, undefined],
  ];
  for (const [address, value, frames] of writes) {
    const write = registerWrite(5, address, value);
    t.equal(write?.kind === 'frames' ? bytesOf(write.frames) : undefined, frames, `write ${address.toString(16)} = ${value}`);
  }
  const groups = registerWrite(5, 0xc1, 0b101);
  t.equal(groups?.kind === 'groups' ? bytesOf(groups.framesFor(0b110)) : '', 'b 68 twice, b 79 twice', 'only the groups that differ');
});

t.test('numbers of memory banks: highest byte first, MASK and TMASK are no value, a power of ten comes first', async (t) => {
  t.equal(byteValue('b16', [9, 1]), 2_305);
  t.equal(byteValue('b24', [1, 0, 0]), 65_536);
  t.equal(byteValue('e32', [0xff, 0, 0, 1, 0xa7]), 42.3);
  t.equal(byteValue('e32', [3, 0, 0, 0, 2]), 2_000);
  t.equal(byteValue('e48', [0xfa, 0, 0, 0, 0, 0, 1]), 0.000_001);
  t.equal(byteValue('e48', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), null, 'MASK');
  t.equal(byteValue('b32', [0xff, 0xff, 0xff, 0xfe]), null, 'TMASK');
  t.equal(byteValue('b32', [0xff, 0xff, 0xff, 0xfd]), 0xfffffffd);
  for (const scale of [7, 127, 128, 0xf9]) t.equal(byteValue('e32', [scale, 0, 0, 0, 1]), null, `power of ten ${scale}`);
  t.equal(byteValue('b16', [1]), null, 'too short');
  t.equal(byteValue('b16', [1, 256]), null, 'no byte');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xfffd }), (value) => {
      t.equal(byteValue('b16', [value >> 8, value & 255]), value);
    }),
  );
});

t.test('set-up values: groups of the cabinet file as bits, levels on the curve', async (t) => {
  const parts = { rampUpMs: 1_400, failsafeLevelPct: 100, groups: { group0: ['level'], group9: ['level'], group3: [] } };
  t.same(daliSetup({ ...parts, hasGroups: true }), { daliFadeTime: 3, daliFailsafeLevel: 254, daliGroups0: 1, daliGroups8: 2 });
  t.match(
    daliSetup({ ...parts, groups: {}, hasGroups: true }),
    { daliGroups0: 0, daliGroups8: 0 },
    'a gear without groups leaves all of them',
  );
  t.match(
    daliSetup({ ...parts, groups: {}, hasGroups: false }),
    { daliGroups0: null, daliGroups8: null },
    'a line without groups keeps them',
  );
});

t.test('an example with a missing answer names the key that is wrong', async (t) => {
  t.same(daliExchange(Buffer.from('0b900ba0', 'hex'), Buffer.from('0464', 'hex')), [
    { table: 'holding', address: 0x90, word: 4 },
    { table: 'holding', address: 0xa0, word: 100 },
  ]);
  t.match(daliExchange(Buffer.from('0b90', 'hex'), Buffer.alloc(0)), { at: 'response' });
  t.match(daliExchange(Buffer.from('0b', 'hex'), Buffer.alloc(0)), { at: 'request' });
});
