/** More readings than the link or the disk can handle: the backlog grows during that time and is sent soon after. With the real store. */
import t, { type Test } from 'tap';
import type { ReadingFrame, StoredFrame } from '../../../../agent/core/ports.ts';
import { Delivery } from '../../../../agent/sync/delivery/delivery.ts';
import type { DeliveryLink } from '../../../../agent/sync/delivery/delivery-state.ts';
import type { Publisher, Sent } from '../../../../agent/sync/sparkplug/publisher.ts';
import { memoryFolder } from '../../../support/memory-folder.ts';
import { createStoreRig, type Fault, faultyLink, frame, SILENT } from '../../store/fixtures/kit.ts';

/** Size of one reading in a message. Source: sparkplug.md, a metric with alias, time and value. Units: bytes. */
const READING_BYTES = 20;
/** How often the uplink refreshes. Units: ms. */
const REFRESH_MS = 10_000;

/** A cabinet whose link carries a limited number of readings a second, in order. */
function cabinet(t: Pick<Test, 'teardown'>, fault: { now: Fault }, link: { readingsPerS: number }) {
  const { clock, store, ...rig } = createStoreRig({ dir: memoryFolder(t), openLink: faultyLink(fault), commitSeconds: 10 });
  const arrived = new Map<number, number>();
  let freeMono = 0;
  const put = (frames: readonly (ReadingFrame | StoredFrame)[]): Sent => {
    const readings = frames.reduce((sum, each) => sum + each.readings.length, 0);
    freeMono = Math.max(freeMono, clock.monoMs()) + (readings / link.readingsPerS) * 1_000;
    for (const each of frames) {
      const value = Number(each.readings[0]?.value);
      arrived.set(value, (arrived.get(value) ?? 0) + 1);
    }
    return { readings, bytes: readings * READING_BYTES, notConfigured: 0, leftOut: 0 };
  };
  const publisher = { live: (each: ReadingFrame) => put([each]), history: put, endHistory: () => {} };
  const wire: DeliveryLink = {
    publisher: publisher as unknown as Publisher,
    connection: {
      maxPacketBytes: 100_000,
      barrier: () => new Promise((resolve) => void clock.after(Math.max(0, freeMono - clock.monoMs()), () => resolve())),
    },
  };
  const delivery = new Delivery({
    ...{ store, clock, log: SILENT, proof: 'broker', mayDrain: () => true },
    ...{
      onGap: () => {},
      onAudit: () => {},
      maxTextBytes: () => 100_000,
      onResend: () => {},
      onMode: () => {},
      onSent: () => {},
      onProven: () => {},
      onAckAhead: () => {},
      onUnheard: () => {},
    },
  });
  store.onCommitted = (committed) => delivery.committed(committed);
  store.fates = () => delivery.fates();
  let ticket = 0;
  /** Appends one frame a second with this number of readings. Returns the backlog at each refresh, in frames. */
  const run = async (seconds: number, readingsPerS: number): Promise<number[]> => {
    const backlog: number[] = [];
    for (let second = 0; second < seconds; second++) {
      const each = frame(++ticket, readingsPerS);
      store.append(each);
      delivery.publish(each);
      await clock.advance(1_000);
      if ((second * 1_000) % REFRESH_MS !== 0) continue;
      // A hung thread answers late; the time advances during that wait.
      void delivery.refresh().then(({ backlogFrames }) => backlog.push(backlogFrames));
    }
    return backlog;
  };
  const open = async (): Promise<void> => {
    await store.start();
    await delivery.refresh();
    delivery.open(wire);
  };
  return { ...rig, clock, store, delivery, arrived, run, open, produced: () => ticket };
}

/** Frames that are committed and not proven: those of one commit window, and one refresh. */
const USUAL = 25;

t.test('a backlog that grew while more was measured than the link carries is sent soon after, each reading once', async (t) => {
  for (const [linkPerS, highPerS] of [
    [1_000, 3_000],
    [300, 3_000],
    [1_000, 9_000],
  ] as const) {
    const { store, run, open, arrived, produced } = cabinet(t, { now: 'none' }, { readingsPerS: linkPerS });
    await open();
    const calm = await run(120, linkPerS / 10);
    t.ok(Math.max(...calm) <= USUAL, `${Math.max(...calm)} frames before it`);
    const high = await run(60, highPerS);
    t.ok((high.at(-1) ?? 0) > USUAL, 'overloaded');
    const waiting = 60 * highPerS;
    const after = await run(Math.ceil((3 * waiting) / linkPerS) + 60, linkPerS / 10);
    t.ok((after.at(-1) ?? USUAL + 1) <= USUAL, `${after.at(-1)} frames after it`);
    t.match((await store.status()).account, { gaps: 0, isBalanced: true });
    t.equal(arrived.size, produced());
    t.ok([...arrived.values()].every((times) => times === 1));
    await store.stop();
  }
});

t.test(
  'a link that carries all of it keeps the backlog small at any rate, also while the disk takes nothing and memory is full',
  async (t) => {
    for (const rate of [10, 500, 3_000, 9_000]) {
      const fault: { now: Fault } = { now: 'none' };
      const { store, run, open } = cabinet(t, fault, { readingsPerS: 100_000 });
      await open();
      const calm = await run(60, rate);
      t.ok(Math.max(...calm) <= USUAL, `${Math.max(...calm)} frames at ${rate} readings/s`);
      for (const now of ['refused', 'hangs-before', 'dies-after'] as const) {
        fault.now = now;
        await run(90, rate);
        fault.now = 'none';
        const after = await run(120, rate);
        t.ok(
          after.slice(-3).every((frames) => frames <= USUAL),
          `${after.join(' ')} frames after ${now} at ${rate} readings/s`,
        );
      }
      t.match((await store.status()).account, { isBalanced: true });
      await store.stop();
    }
  },
);
