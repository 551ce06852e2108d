import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig, type Rig } from '../support/rig.ts';

const allIn = async (rig: Rig): Promise<boolean> => {
  const { store, uplink } = await rig.status();
  return uplink.state === 'online' && store.readingsWaiting === 0 && store.backlogFrames === 0;
};
/** Point readings the platform holds; the agent's own metrics have a slash in their name. */
const readingsOf = (rig: Rig) => [...rig.host.values.values()].filter(({ metric }) => !metric.includes('/'));

t.test('the broker is away for an hour: nothing is lost, all arrives as historical, once', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T22:30:00+01:00', withUplink: true });
  await rig.until('born and drained', () => allIn(rig), 5 * MINUTE_MS);
  const cutMs = rig.clock.wallMs();
  await rig.broker.stop();
  await rig.clock.advance(31 * MINUTE_MS);
  t.strictSame(rig.levels(), [30, 30, 30, 30], 'the street dimmed at 23:00 without a network');
  await rig.clock.advance(30 * MINUTE_MS);
  const waiting = await rig.status();
  t.ok(waiting.store.backlogFrames > 100, `an hour waits in the store: ${waiting.store.backlogFrames} frames`);
  const before = readingsOf(rig).length;
  const backMs = rig.clock.wallMs();
  // A node that trusts the broker alone would have sent everything to a host that came back with the broker and left again.
  await rig.host.stop();
  await rig.broker.start();
  await rig.host.start();
  await rig.until('drained', () => allIn(rig), 20 * MINUTE_MS);
  await rig.clock.advance(10_000);
  const { store, uplink } = await rig.status();
  const late = readingsOf(rig).filter(({ timestampMs }) => timestampMs > cutMs && timestampMs < backMs);
  t.ok(late.length > 1_000 && readingsOf(rig).length > before, `${late.length} readings of that hour arrived`);
  t.ok(
    late.every(({ historical }) => historical),
    'all of them as historical',
  );
  t.equal(rig.host.duplicates, 0, 'each once');
  t.equal(rig.host.seqGaps, 0);
  t.equal(store.readingsLost, 0);
  t.equal(readingsOf(rig).length, store.readingsStored + store.readingsWaiting, 'what was stored is what arrived');
  t.equal(uplink.readingsAcked, readingsOf(rig).length, 'and what is called proven');
});

t.test('the platform overrides a lamp and a zone, gets the result, and is refused invalid requests', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', withUplink: true });
  await rig.until('born and drained', () => allIn(rig), 5 * MINUTE_MS);
  const outcome = (id: string) => rig.host.outcomes.filter((each) => each.id === id).at(-1);
  await rig.host.override('L02', { level: 70, minutes: 5, reason: 'market', id: 'a' });
  await rig.until('the lamp follows', () => rig.levels()[1] === 70 && outcome('a')?.state === 'verified', MINUTE_MS);
  await rig.host.release('L02');
  await rig.until('released', () => rig.levels()[1] === 30, MINUTE_MS);
  await rig.host.override('rue', { level: 5, minutes: 5, id: 'b' });
  await rig.until('the outcome of the zone is received', () => outcome('b')?.state === 'verified', MINUTE_MS);
  await rig.until('it fell', () => rig.levels()[0] === 10, MINUTE_MS);
  t.equal(outcome('b')?.level, 10, 'no darker than the minimum of the zone, and it says so');
  await rig.host.override('L02', { level: 170, id: 'c' });
  await rig.until('refused', () => outcome('c')?.state === 'refused', MINUTE_MS);
  t.match(outcome('c')?.reason, /0\.\.100|between 0 and 100|0 to 100/);
  await rig.host.release('rue');
  await rig.until('released: back to the programme', () => rig.levels()[0] === 30, MINUTE_MS);
});
