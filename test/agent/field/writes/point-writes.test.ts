import t, { type Test } from 'tap';
import type { ValueWrite, WriteResult } from '../../../../agent/core/ports.ts';
import { testPoint, testProfile, writable } from '../../../support/profiles.ts';
import { createPlant, LAMP, type Plant } from '../plant.ts';

const RELAYS = testProfile('relays', [
  testPoint('relay', { semantic: 'relay', table: 'coil', type: 'bit', write: writable({ max: 1, settleMs: 50 }) }),
  testPoint('mains', { semantic: 'relay', table: 'coil', address: 1, type: 'bit', write: writable({ max: 1, dangerous: true }) }),
  testPoint('message', { table: 'holding', address: 10, poll: 'never', write: writable({ max: 99 }) }),
  testPoint('wide', { table: 'holding', address: 20, type: 'u32', write: writable({ max: 1e6 }) }),
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

/** [story, point, value, message] */
const REFUSED: readonly [string, string, number, RegExp][] = [
  ['a dangerous point', 'mains', 0, /dangerous by profile relays: give the output another point/],
  ['more than the profile allows', 'message', 100, /100 is outside 0\.\.99 of message of IO1/],
  ['no number at all', 'relay', Number.NaN, /outside 0\.\.1/],
  ['a point that is only read', 'input', 1, /cannot be written/],
  ['a point that is not there', 'siren', 1, /cannot be written/],
  ['a type that cannot be written', 'wide', 1, /writing type u32 is not supported/],
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
