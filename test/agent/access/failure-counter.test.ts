/** Failed logins are counted also while the disk is silent, and then together with those of earlier runs. */
import t from 'tap';
import { createFailureCounter } from '../../../agent/access/failure-counter.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';

const BY = { user: 'ada', console: '', isKnown: true };
const TRIES = 4;

/** A disk whose answers wait until `answer` is called. */
function slowDisk(facts: Map<string, unknown>) {
  const waiting: (() => void)[] = [];
  let isSilent = false;
  return {
    silence: () => {
      isSilent = true;
    },
    answer: () => {
      isSilent = false;
      for (const each of waiting.splice(0)) each();
    },
    store: {
      save: async (key: string, value: unknown) => facts.set(key, JSON.parse(JSON.stringify(value))).size > 0,
      load: async (key: string, unread?: unknown) => {
        if (!isSilent) return facts.get(key);
        await new Promise<void>((resolve) => waiting.push(resolve));
        return waiting.length > 100 ? unread : facts.get(key);
      },
    },
  };
}

t.test('attempts while the disk is silent count on top of those of earlier runs', async (t) => {
  const facts = new Map<string, unknown>();
  const clock = createManualClock(Date.UTC(2026, 0, 15, 12));
  const open = (disk: ReturnType<typeof slowDisk>) =>
    createFailureCounter({ clock, log: { event: () => {} }, store: disk.store, onLocked: () => {} });
  const first = open(slowDisk(facts));
  await first.restore();
  for (let i = 0; i < TRIES; i++) await first.count(BY);
  t.equal(first.waitMs(BY), 0);

  const disk = slowDisk(facts);
  disk.silence();
  const second = open(disk);
  const late = async (work: Promise<void>): Promise<void> => {
    await clock.advance(2_000);
    await work;
  };
  await late(second.restore());
  for (let i = 0; i < 2; i++) await late(second.count(BY));
  t.equal(second.waitMs(BY), 0, 'only its own are known yet');
  disk.answer();
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(second.waitMs(BY) > 0, 'six in all');

  const third = open(slowDisk(facts));
  await third.restore();
  t.ok(third.waitMs(BY) > 0, 'also after a restart');
});
