import t, { type Test } from 'tap';
import type { ValueWrite, WriteResult } from '../../../../agent/core/ports.ts';
import { testPoint, testProfile, writable } from '../../../support/profiles.ts';
import { createPlant, LAMP, type Plant } from '../plant.ts';

const RELAYS = testProfile('relays', [
  testPoint('relay', { semantic: 'relay', table: 'coil', type: 'bit', write: writable({ max: 1, settleMs: 50 }) }),
  testPoint('mains', { semantic: 'relay', table: 'coil', address: 1, type: 'bit', write: writable({ max: 1, dangerous: true }) }),
  testPoint('message', { table: 'holding', address: 10, poll: 'never', write: writable({ max: 99 }) }),
  testPoint('wide', { table: 'holding', address: 20, type: 'u32', write: writable({ max: 1e6 }) }),
  testPoint('longest', { table: 'holding', address: 30, type: 'u64', write: writable({ max: 1e6 }) }),
  testPoint('limit', { table: 'holding', address: 40, type: 'f32', wordOrder: 'low-first', decimals: 1, write: writable() }),
  testPoint('digits', { table: 'holding', address: 50, type: 'bcd32', byteOrder: 'low-first', write: writable({ max: 99_999_999 }) }),
  testPoint('text', { table: 'coil', address: 60, type: 'bits', coils: 4, write: writable({ max: 15 }) }),
  testPoint('input', { table: 'discrete', type: 'bit' }),
]);

async function plantWith(t: Pick<Test, 'teardown'>): Promise<Plant> {
  const plant = createPlant({ devices: { IO1: RELAYS, L1: LAMP } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(3_000);
  return plant;
}

async function set(plant: Plant, point: string, value: number, over: Partial<ValueWrite> = {}): Promise<WriteResult | undefined> {
  let result: WriteResult | undefined;
  const write: ValueWrite = { pointId: `IO1.${point}`, value, lane: 'command', expiresMono: plant.clock.monoMs() + 20_000, ...over };
  void plant.field.writePoint(write).then((end) => {
    result = end;
  });
  for (let ms = 0; ms < 25_000 && result === undefined; ms += 10) await plant.clock.advance(10);
  return result;
}

const writesOf = (plant: Plant, sinceMono: number): string[] =>
  plant.askedSince('IO1', sinceMono).filter((what) => what.startsWith('write'));

t.test('a relay and a message number are written once and read back', async (t) => {
  const plant = await plantWith(t);
  const sinceMono = plant.clock.monoMs();
  t.match(await set(plant, 'relay', 1), { state: 'verified' });
  t.match(await set(plant, 'message', 7), { state: 'verified' });
  t.equal(plant.unit('IO1').registers.get('coil:0'), 1);
  t.equal(plant.unit('IO1').registers.get('holding:10'), 7);
  t.strictSame(writesOf(plant, sinceMono), ['write coil:0=1', 'write holding:10=7']);
  t.match(plant.field.latest('IO1.relay'), { value: 1, quality: 'good' }, 'the read-back is a reading like any other');
});

/** [point, value, what is sent, what is in the unit] */
const WIDE: readonly [string, number, string, Readonly<Record<string, number>>][] = [
  ['wide', 100_000, 'write holding:20=1,34464', { 'holding:20': 1, 'holding:21': 34_464 }],
  ['limit', 12.3, 'write holding:40=52429,16708', { 'holding:40': 0xcccd, 'holding:41': 0x4144 }],
  ['digits', 12_345_678, 'write holding:50=13330,30806', { 'holding:50': 0x3412, 'holding:51': 0x7856 }],
  ['text', 10, 'write coil:60=0,1,0,1', { 'coil:60': 0, 'coil:61': 1, 'coil:62': 0, 'coil:63': 1 }],
];

t.test('a value of several registers or coils is sent in one request and read back in one', async (t) => {
  const plant = await plantWith(t);
  for (const [point, value, sent, registers] of WIDE) {
    const sinceMono = plant.clock.monoMs();
    t.match(await set(plant, point, value), { state: 'verified' }, point);
    t.strictSame(writesOf(plant, sinceMono), [sent]);
    for (const [place, word] of Object.entries(registers)) t.equal(plant.unit('IO1').registers.get(place), word, place);
    const reads = plant.askedSince('IO1', sinceMono).filter((what) => what.startsWith(`read ${sent.split(' ')[1]?.split('=')[0]}+`));
    t.ok(reads.length > 0 && reads.every((what) => !what.endsWith('+1')), `${point} is never read in parts: ${reads}`);
  }
});

t.test('a unit that keeps only one half of a wide value is found out', async (t) => {
  const plant = await plantWith(t);
  const unit = plant.unit('IO1');
  const { write } = unit;
  unit.write = (table, address, values) => {
    const reply = write(table, address, values);
    if (address === 20) unit.registers.set('holding:20', 0);
    return reply;
  };
  t.match(await set(plant, 'wide', 100_000), { state: 'failed' });
});

/** [story, point, value, message] */
const REFUSED: readonly [string, string, number, RegExp][] = [
  ['a dangerous point', 'mains', 0, /dangerous by profile relays: give the output another point/],
  ['more than the profile allows', 'message', 100, /100 is outside 0\.\.99 of message of IO1/],
  ['no number at all', 'relay', Number.NaN, /outside 0\.\.1/],
  ['a point that is only read', 'input', 1, /cannot be written/],
  ['a point that is not there', 'siren', 1, /cannot be written/],
  ['a type that cannot be written', 'longest', 1, /writing type u64 is not supported/],
];

t.test('a refused write never reaches the line', async (t) => {
  const plant = await plantWith(t);
  const sinceMono = plant.clock.monoMs();
  for (const [story, point, value, reason] of REFUSED) {
    t.match(await set(plant, point, value), { state: 'failed', reason, sentMono: null }, story);
  }
  t.match(await set(plant, 'relay', 1, { pointId: 'IO9.relay' }), { state: 'failed', reason: /no device IO9 on any line/ });
  t.strictSame(writesOf(plant, sinceMono), []);
});

t.test('a relay that does not change reports what to check', async (t) => {
  const plant = await plantWith(t);
  plant.unit('IO1').deaf = true;
  t.match(await set(plant, 'relay', 1), { state: 'failed', reason: /^reads back 0, wrote 1: check for a switch at the device/ });
  plant.unit('IO1').refusals.set('coil:0', 4);
  t.match(await set(plant, 'relay', 1), { state: 'failed', reason: /check the output's device and its profile/ });
});

t.test('the newest value of an output wins', async (t) => {
  const plant = await plantWith(t);
  const sinceMono = plant.clock.monoMs();
  const first = set(plant, 'message', 3);
  t.match(await set(plant, 'message', 4), { state: 'verified' });
  t.match(await first, { state: 'failed' });
  t.equal(writesOf(plant, sinceMono).at(-1), 'write holding:10=4');
  t.equal(plant.unit('IO1').registers.get('holding:10'), 4);
});
