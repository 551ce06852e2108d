import t from 'tap';
import { ProgrammeRegistry } from '../../../../agent/control/requests/programme-registry.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { makeStreet } from '../../lighting/street.ts';

const NOON = Date.UTC(2026, 0, 15, 12);

for (const [story, setMs] of [
  ['right', 0],
  ['four years back', -4 * 365 * DAY_MS],
  ['an hour back', -HOUR_MS],
  ['ten minutes ahead', 10 * MINUTE_MS],
] as const)
  t.test(`a programme chosen for an hour lasts no longer after a restart under a clock that is ${story}`, async (t) => {
    const disk = new Map<string, string>();
    const open = (clock: ReturnType<typeof createManualClock>) =>
      new ProgrammeRegistry({
        ...{ street: makeStreet(), clock, log: { event: () => {} }, events: { notice: () => {} } },
        store: {
          save: async (key, value) => disk.set(key, JSON.stringify(value)).size > 0,
          load: async (key) => JSON.parse(disk.get(key) ?? 'null') as unknown,
        },
      });
    const before = createManualClock(NOON);
    const [zone] = makeStreet().zones;
    const [programme] = makeStreet().programmes;
    const first = open(before);
    first.choose({ commandId: 'p', zone: zone?.id ?? '', programme: programme?.id ?? '', minutes: 60, reason: '', source: 'platform' });
    await first.saved;
    const after = createManualClock(NOON + setMs);
    const second = open(after);
    await second.restore();
    t.equal(second.choices().size, 1);
    await after.advance(HOUR_MS);
    second.tend(false);
    t.equal(second.choices().size, 0);
  });

t.test('a zone is returned to its calendar although the stored choices could not be read: none comes back later', async (t) => {
  const clock = createManualClock(NOON);
  const [zone = { id: '' }] = makeStreet().zones;
  const [programme = { id: '' }] = makeStreet().programmes;
  const request = { commandId: 'p', zone: zone.id, programme: programme.id, minutes: 60, reason: '', source: 'platform' } as const;
  let isReadable = true;
  const disk = new Map<string, unknown>();
  const open = () =>
    new ProgrammeRegistry({
      ...{ street: makeStreet(), clock, log: { event: () => {} }, events: { notice: () => {} } },
      store: {
        save: async (key, value) => isReadable && disk.set(key, structuredClone(value)).size > 0,
        load: async (key: string, unread?: unknown) => (isReadable ? disk.get(key) : unread),
      },
    });
  const first = open();
  first.choose(request);
  await first.saved;
  isReadable = false;
  const second = open();
  await second.restore();
  t.equal(String(second.refusalOf({ ...request, programme: null })), '');
  second.choose({ ...request, programme: null });
  isReadable = true;
  await clock.advance(MINUTE_MS);
  second.tend(false);
  t.ok(await second.saved);
  t.equal(second.choices().size, 0);
  t.not(String(second.refusalOf({ ...request, programme: null })), '', 'and it is known that nothing is chosen');
});
