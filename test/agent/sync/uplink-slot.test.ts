import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Uplink, UplinkStatus } from '../../../agent/core/ports.ts';
import { createUplinkSlot } from '../../../agent/sync/uplink-slot.ts';

t.test('the counts of an uplink are not missing while it stops, and what it counts until then is added', async (t) => {
  const slot = createUplinkSlot(createManualClock(0));
  const nothing = { ...slot.status(), state: 'online' } as const;
  const uplinkWith = (counts: Partial<UplinkStatus>, stop = async () => {}) =>
    ({
      status: () => ({ ...nothing, ...counts }),
      start: async () => {},
      stop,
      update() {},
      deviceAlive() {},
      outcome() {},
    }) as unknown as Uplink;
  const first = { messagesSent: 100 };
  const seen: number[] = [];
  const stop = async (): Promise<void> => {
    seen.push(slot.status().messagesSent);
    first.messagesSent += 1;
  };
  slot.put({ ...uplinkWith({}, stop), status: () => ({ ...nothing, ...first }) } as Uplink);
  await slot.exchange(
    () => uplinkWith({ messagesSent: 7 }),
    () => false,
  );
  t.strictSame(seen, [100], 'while it stops');
  t.equal(slot.status().messagesSent, 108);
});
