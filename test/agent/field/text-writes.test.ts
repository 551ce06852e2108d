import t from 'tap';
import type { PointProfile } from '../../../agent/core/profile.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { MAX_TEXT_VALUE } from '../../../drivers/modbus/text-codec.ts';
import { testPoint, testProfile, writable } from '../../support/profiles.ts';
import { createPlant, LAMP, type Plant } from './plant.ts';

const LINE = {
  semantic: 'text',
  table: 'holding',
  address: 1_000,
  type: 'text',
  text: { encoding: 'ascii', length: 8, perRegister: 2, order: 'high-first', align: 'left', pad: ' ', characters: null, replacement: '?' },
  poll: 'slow',
  write: writable({ max: MAX_TEXT_VALUE, settleMs: 50 }),
} as const satisfies Partial<PointProfile>;
const PANEL = testProfile('panel', [testPoint('line', LINE)], { category: 'panel' });
const WRITE_ONLY = testProfile('card', [
  testPoint('line', { ...LINE, poll: 'never', write: { ...LINE.write, readBack: false } }),
  testPoint('state', { table: 'holding', address: 5, poll: 'slow' }),
]);

const startedPlant = async (plant: Plant): Promise<Plant> => {
  await plant.field.start();
  await plant.clock.advance(2_000);
  return plant;
};
const shown = (plant: Plant, device: string): string =>
  [0, 1, 2, 3]
    .map((i) => plant.unit(device).registers.get(`holding:${1_000 + i}`) ?? 0)
    .flatMap((word) => [word >> 8, word & 0xff])
    .map((code) => String.fromCharCode(code))
    .join('');
const write = async (plant: Plant, pointId: PointId, text: string) => {
  const result = plant.field.writeText({ pointId, text, lane: 'command', expiresMono: plant.clock.monoMs() + 60_000 });
  await plant.clock.advance(5_000);
  return result;
};

t.test('a text is written by one request and read back', async (t) => {
  const plant = await startedPlant(createPlant({ devices: { PN1: PANEL } }));
  const fromMono = plant.clock.monoMs();
  const result = await write(plant, 'PN1.line', 'AIR OK');
  t.match(result, { state: 'verified' });
  t.notOk('isUnread' in result);
  t.equal(shown(plant, 'PN1'), 'AIR OK  ');
  t.equal(plant.askedSince('PN1', fromMono).filter((what) => what.startsWith('write')).length, 1);
  t.match(plant.field.latest('PN1.line'), { quality: 'good' });
  await plant.field.stop();
});

t.test('a panel that acknowledges and shows something else is found', async (t) => {
  const plant = await startedPlant(createPlant({ devices: { PN1: PANEL } }));
  plant.unit('PN1').deaf = true;
  const result = await write(plant, 'PN1.line', 'AIR OK');
  t.match(result, { state: 'failed', reason: /reads back another text/ });
  await plant.field.stop();
});

t.test('a panel that cannot be read back: its acknowledgement is the proof, and it is said so', async (t) => {
  const plant = await startedPlant(createPlant({ devices: { PN1: WRITE_ONLY } }));
  const fromMono = plant.clock.monoMs();
  t.match(await write(plant, 'PN1.line', 'AIR OK'), { state: 'verified', isUnread: true });
  t.notOk(
    plant.askedSince('PN1', fromMono).some((what) => what.startsWith('read holding:1000')),
    'it is not read',
  );
  plant.sim.silence(1);
  t.match(await write(plant, 'PN1.line', 'AIR BAD'), { state: 'failed' });
  await plant.field.stop();
});

t.test('a number is not written to a text point, nor a text to a number', async (t) => {
  const plant = await startedPlant(createPlant({ devices: { PN1: PANEL, L1: LAMP } }));
  const expiresMono = plant.clock.monoMs() + 60_000;
  t.match(await plant.field.writePoint({ pointId: 'PN1.line', value: 0x4142, lane: 'command', expiresMono }), {
    state: 'failed',
    reason: /is a text/,
  });
  t.match(await write(plant, 'L1.level', '50'), { state: 'failed', reason: /takes no text/ });
  t.match(await write(plant, 'none.line', 'A'), { state: 'failed', reason: /no device none/ });
  t.equal(shown(plant, 'PN1').replaceAll('\0', ''), '');
  await plant.field.stop();
});

t.test('texts delay no level: 200 texts on the line of a lamp', async (t) => {
  const plant = await startedPlant(createPlant({ devices: { PN1: PANEL, L1: LAMP } }));
  for (let i = 0; i < 200; i++) {
    void plant.field.writeText({ pointId: 'PN1.line', text: `T ${i}`, lane: 'command', expiresMono: plant.clock.monoMs() + 60_000 });
    const level = plant.write('L1', i % 101, { lane: 'urgent' });
    const sentMono = plant.clock.monoMs();
    await plant.clock.advance(250);
    const result = await level;
    t.match(result, { state: 'verified' });
    if (result.sentMono !== null && result.sentMono - sentMono > 60) t.fail(`level ${i} waited ${result.sentMono - sentMono} ms`);
  }
  await plant.field.stop();
});
