import t from 'tap';
import { createPersonCommands } from '../../../../agent/control/views/light-views.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import type { Target } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';
import { makeStreet, winter } from '../../lighting/street.ts';
import type { FakeStreet } from '../fake-street.ts';
import { levelsOf, litStreet } from '../lit-street.ts';

const CABINET: Target = { kind: 'cabinet', id: 'ANG-0421' };
const ALL_LIT = [100, 100, 100, 100, 100, 100];
const BY_PROGRAMME = [30, 30, 30, 30, 30, 30];

/** The street of the tests with its last lamps in a second zone. */
function twoZones() {
  const all = makeStreet();
  return {
    ...all,
    zones: all.zones.flatMap((zone) => [
      { ...zone, lamps: ['L1', 'L2'], presence: null },
      { ...zone, id: 'quay', lamps: ['L3', 'L4', 'L5', 'L6'], presence: null },
    ]),
  };
}

/** A request as `lights on` sends it. */
function lightsOn(street: FakeStreet, minutes: number, target = CABINET, authority: 'anyone' | 'technician' = 'anyone') {
  const source = authority === 'anyone' ? 'console:nobody' : 'console:marie';
  const { override } = createPersonCommands(() => street.control, street.clock);
  return override({ target, levelPct: 100, rank: 'emergency', minutes, reason: '', source, authority });
}

/** A request as `lights auto` sends it. */
function lightsAuto(street: FakeStreet, target = CABINET) {
  const { release } = createPersonCommands(() => street.control, street.clock);
  return release({ target, source: 'console:marie', rank: 'emergency', everywhere: target.kind === 'cabinet' });
}

for (const target of [CABINET, { kind: 'zone', id: 'rue' }] as const) {
  for (const shorter of [1, 12, 119]) {
    t.test(`anyone may repeat lights on of a ${target.kind}, and ${shorter} min end no 2 h that were requested before`, async (t) => {
      const street = await litStreet(t);
      const endMs = street.clock.wallMs() + 2 * HOUR_MS;
      void lightsOn(street, 120, target);
      await street.clock.advance(10_000);
      const answer = lightsOn(street, shorter, target);
      await street.clock.advance(100);
      t.match(await answer, { state: 'verified', untilMs: endMs }, 'and the answer says the later end');
      await street.clock.advance(shorter * MINUTE_MS);
      t.same(levelsOf(street), ALL_LIT);
      await street.clock.advance(2 * HOUR_MS - shorter * MINUTE_MS - 10_200);
      t.same(levelsOf(street), ALL_LIT, 'to its last moment');
      await street.clock.advance(2_000);
      t.same(levelsOf(street), BY_PROGRAMME, 'and no longer');
    });
  }
}

t.test('a longer one of anyone lasts to its own end, and the list does not grow by repeating', async (t) => {
  const street = await litStreet(t);
  for (const minutes of [1, 120, 3, 60, 1, 120, 2]) void lightsOn(street, minutes);
  await street.clock.advance(100);
  t.equal((street.disk.get('control.overrides') as unknown[]).length, 1);
  await street.clock.advance(119 * MINUTE_MS);
  t.same(levelsOf(street), ALL_LIT);
});

t.test('the later end holds over a restart, also when the shorter one was requested while the time was unknown', async (t) => {
  const before = await litStreet(t, { now: winter('22:00') });
  void lightsOn(before, 120);
  await before.clock.advance(1_000);
  void lightsOn(before, 1);
  await before.clock.advance(100);
  await before.control.stop();
  const after = await litStreet(t, { now: winter('22:10'), disk: new Map(before.disk) });
  t.same(levelsOf(after), ALL_LIT);
  await after.clock.advance(109 * MINUTE_MS);
  t.same(levelsOf(after), ALL_LIT);
  await after.clock.advance(2 * MINUTE_MS);
  t.same(levelsOf(after), BY_PROGRAMME);
  const lost = await litStreet(t, { now: Date.UTC(1970, 0), quality: 'none', disk: new Map(before.disk) });
  void lightsOn(lost, 1);
  await lost.clock.advance(5_000);
  lost.clock.stepWall(winter('22:10') - Date.UTC(1970, 0));
  lost.clock.setQuality('synced');
  await lost.clock.advance(108 * MINUTE_MS);
  t.same(levelsOf(lost), ALL_LIT);
  t.equal((lost.disk.get('control.overrides') as unknown[]).length, 1);
});

t.test('lights on of a zone and of the cabinet replace each other in neither direction', async (t) => {
  const street = await litStreet(t, { street: twoZones() });
  void lightsOn(street, 60);
  await street.clock.advance(1_000);
  void lightsOn(street, 120, { kind: 'zone', id: 'quay' });
  await street.clock.advance(1_000);
  void lightsOn(street, 1, { kind: 'zone', id: 'rue' });
  await street.clock.advance(59 * MINUTE_MS);
  t.same(levelsOf(street), ALL_LIT);
  await street.clock.advance(2 * MINUTE_MS);
  t.same(levelsOf(street), [30, 30, 100, 100, 100, 100]);
  void lightsOn(street, 1);
  await street.clock.advance(2 * MINUTE_MS);
  t.same(levelsOf(street), [30, 30, 100, 100, 100, 100], 'a short one of the cabinet ends none of a zone');
});

t.test('a technician may end sooner what the same technician began', async (t) => {
  const street = await litStreet(t);
  void lightsOn(street, 120, CABINET, 'technician');
  await street.clock.advance(1_000);
  void lightsOn(street, 1, CABINET, 'technician');
  await street.clock.advance(70_000);
  t.same(levelsOf(street), BY_PROGRAMME);
});

t.test('anyone may request nothing but an emergency at 100 %', async (t) => {
  const street = await litStreet(t);
  for (const changes of [{ levelPct: 99 }, { levelPct: 0 }, { rank: 'override' }, { rank: 'maintenance' }] as const) {
    const request = { target: CABINET, levelPct: 100, rank: 'emergency', minutes: 5, reason: '', source: 'console:nobody' } as const;
    const { override } = createPersonCommands(() => street.control, street.clock);
    const answer = override({ ...request, authority: 'anyone', ...changes });
    await street.clock.advance(100);
    t.match(await answer, { state: 'refused' }, JSON.stringify(changes));
  }
  t.same(levelsOf(street), BY_PROGRAMME);
});

t.test('lights auto ends the emergencies of the cabinet and of its zones; with a zone, that one alone', async (t) => {
  const street = await litStreet(t, { street: twoZones() });
  const quay: Target = { kind: 'zone', id: 'quay' };
  for (const target of [quay, { kind: 'zone', id: 'rue' }] as const) void lightsOn(street, 60, target);
  await street.clock.advance(1_000);
  const ofZone = lightsAuto(street, quay);
  await street.clock.advance(100);
  t.match(await ofZone, { state: 'verified', target: quay });
  t.same(levelsOf(street), [100, 100, 30, 30, 30, 30]);
  t.match(texts(await lightsAuto(street, quay)), { state: 'refused', reason: 'no emergency of zone quay is in force' });
  for (const isWithCabinet of [false, true]) {
    void lightsOn(street, 60, quay);
    if (isWithCabinet) void lightsOn(street, 60);
    await street.clock.advance(1_000);
    const ofAll = lightsAuto(street);
    await street.clock.advance(100);
    t.match(await ofAll, { state: 'verified', lamps: { L1: 'verified', L6: 'verified' } });
    t.same(levelsOf(street), BY_PROGRAMME);
  }
  t.match(texts(await lightsAuto(street)), { state: 'refused', reason: /no emergency/ });
});

t.test(
  'lights auto leaves overrides and locks of technicians, and the platform ends none of a zone with that of the cabinet',
  async (t) => {
    const street = await litStreet(t, { street: twoZones() });
    const quay: Target = { kind: 'zone', id: 'quay' };
    void street.override({ target: { kind: 'lamp', id: 'L1' }, levelPct: 20, rank: 'maintenance', source: 'console:anna' });
    void street.override({ target: quay, levelPct: 50, rank: 'maintenance', source: 'console:anna' });
    void street.override({ target: { kind: 'lamp', id: 'L2' }, levelPct: 60 });
    await street.clock.advance(100);
    void lightsOn(street, 60);
    void lightsOn(street, 60, quay);
    await street.clock.advance(1_000);
    void lightsAuto(street, quay);
    await street.clock.advance(100);
    t.same(levelsOf(street), [20, 100, 50, 50, 50, 50]);
    void lightsAuto(street);
    await street.clock.advance(100);
    t.same(levelsOf(street), [20, 60, 50, 50, 50, 50]);
    const byPlatform = { commandId: 'p', authority: 'platform', source: 'platform', rank: 'emergency' } as const;
    void street.control.release({ ...byPlatform, target: quay });
    void lightsOn(street, 60, { kind: 'zone', id: 'rue' });
    void street.control.release({ ...byPlatform, target: CABINET });
    await street.clock.advance(100);
    t.same(levelsOf(street), [20, 100, 50, 50, 50, 50]);
  },
);
