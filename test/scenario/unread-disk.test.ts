/**
 * A disk that cannot be read at the start and works again later: nothing that an earlier run stored is written over, and what was requested
 * meanwhile counts too.
 */
import t from 'tap';
import { OverrideRegistry } from '../../agent/control/requests/override-registry.ts';
import { ProgrammeRegistry } from '../../agent/control/requests/programme-registry.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log } from '../../agent/core/ports.ts';
import type { AgentEvent, Intent } from '../../agent/core/words.ts';
import { SentTextRegistry } from '../../agent/panels/sent-text-registry.ts';
import { CarriedAcknowledgements } from '../../agent/service/alarms/carried-acknowledgements.ts';
import { MaintenanceRegistry } from '../../agent/service/alarms/maintenance-registry.ts';
import { IntentRegistry } from '../../agent/sound/intent-registry.ts';
import { makeStreet } from '../agent/lighting/street.ts';

const NOON = Date.UTC(2026, 0, 15, 12);
const log: Log = { event: () => {} };
const events = { notice: () => {} };
const ACKNOWLEDGED = { by: 'console:ada', atMs: NOON, note: '' };

/** What each part of the agent keeps for the next start, as a list of names that can be compared. */
interface Kept {
  add(name: string): void;
  remove(name: string): void;
  names(): readonly string[];
  restore(): Promise<unknown>;
  tend(): void;
}

interface Disk {
  isReadable: boolean;
  readonly save: (key: string, value: unknown) => Promise<boolean>;
  readonly load: (key: string, unread?: unknown) => Promise<unknown>;
}

function diskOf(): Disk {
  const facts = new Map<string, string>();
  const disk: Disk = {
    isReadable: true,
    save: async (key, value) => (value === undefined ? facts.delete(key) : facts.set(key, JSON.stringify(value)).size > 0) || true,
    load: async (key, unread) => (disk.isReadable ? JSON.parse(facts.get(key) ?? 'null') : unread),
  };
  return disk;
}

const street = { ...makeStreet(), zones: ['a', 'b', 'c'].map((id) => ({ ...(makeStreet().zones[0] as object), id })) } as never;
const [programme] = makeStreet().programmes;

const KEPT: Readonly<Record<string, (clock: ManualClock, store: Disk) => Kept>> = {
  overrides: (clock, store) => {
    const registry = new OverrideRegistry({ clock, store, log, events });
    return {
      add: (id) => void registry.add(intentOn(clock, id)),
      remove: (id) =>
        void registry.release({ target: { kind: 'zone', id }, authority: 'platform', source: 'platform', everywhere: false } as never),
      names: () => registry.intents().map(({ target }) => target.id),
      restore: () => registry.restore(),
      tend: () => registry.tend(false),
    };
  },
  programmes: (clock, store) => {
    const registry = new ProgrammeRegistry({ street, clock, store, log, events });
    const request = { commandId: 'p', minutes: 600, reason: '', source: 'platform' };
    return {
      add: (zone) => registry.choose({ ...request, zone, programme: programme?.id ?? '' }),
      remove: () => {}, // Refused: none is known to be in force.
      names: () => [...registry.choices().keys()],
      restore: () => registry.restore(),
      tend: () => registry.tend(false),
    };
  },
  sounds: (clock, store) => {
    const places = ['a', 'b', 'c'];
    const portOf = new Map(places.map((place) => [place, `/dev/${place}`]));
    const registry = new IntentRegistry({ clock, store, log, portOf, onEnd: () => {} });
    return {
      add: (place) =>
        registry.add({
          ...{ id: place, place, action: 'play', track: 'T', volumePct: null, authority: 'platform', source: 'platform', reason: '' },
          untilMs: clock.wallMs() + HOUR_MS * 5,
          untilMono: clock.monoMs() + HOUR_MS * 5,
        }),
      remove: (name) => registry.end(({ place }) => place === name),
      names: () => places.filter((place) => registry.of(place).length > 0),
      restore: () => registry.restore(),
      tend: () => registry.tend(),
    };
  },
  'texts of panels': (clock, store) => {
    const registry = new SentTextRegistry({ clock, store, log, paces: new Map(), registers: new Map() });
    const limits = { emergencyFrom: ['platform'], textFrom: ['platform'] };
    const request = { commandId: 'c', isEmergency: false, minutes: 300, sender: 'platform', source: 'platform' } as const;
    return {
      add: (panel) => registry.take({ ...request, panel, text: panel }),
      remove: (panel) => registry.take({ ...request, panel, text: null }),
      names: () => ['a', 'b', 'c'].filter((id) => registry.of({ id, limits } as never).length > 0),
      restore: () => registry.restore(),
      tend: () => registry.tend(),
    };
  },
  maintenance: (clock, store) => {
    const parts = { onBegun: () => {}, onEnded: () => {}, onChange: () => {} };
    const registry = new MaintenanceRegistry({ clock, store, log, ...parts });
    const request = { reason: 'work', owner: 'site', source: 'console:ada', minutes: 300 } as const;
    return {
      add: (id) => void registry.start({ ...request, target: { kind: 'zone', id } } as never),
      remove: () => {},
      names: () => registry.list.map(({ target }) => target.id),
      restore: () => registry.restore(),
      tend: () => registry.tend(),
    };
  },
  acknowledgements: (clock, store) => {
    const carried = new CarriedAcknowledgements({ clock, store, log });
    const eventOf = (id: string): Pick<AgentEvent, 'id' | 'startMs'> => ({ id: `${id}:x:${NOON}`, startMs: NOON });
    const known: string[] = [];
    return {
      add: (id) => carried.put(eventOf(id), ACKNOWLEDGED),
      remove: () => {},
      names: () => {
        for (const id of ['a', 'b', 'c']) if (carried.take(eventOf(id)) !== undefined) known.push(id);
        return known;
      },
      restore: () => carried.restore([]),
      tend: () => carried.tend(),
    };
  },
};

function intentOn(clock: ManualClock, id: string): Intent {
  return {
    ...{ id, target: { kind: 'zone', id }, levelPct: 40, rank: 'override', authority: 'platform', source: 'platform', reason: '' },
    ...{ sinceMs: clock.wallMs(), untilMs: clock.wallMs() + HOUR_MS * 5, untilMono: clock.monoMs() + HOUR_MS * 5 },
  } as Intent;
}

/** Lets what was saved reach the disk. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const [what, open] of Object.entries(KEPT))
  t.test(`${what}: a disk that works again two minutes after the start`, async (t) => {
    const disk = diskOf();
    const clock = createManualClock(NOON, 'synced');
    const first = open(clock, disk);
    await first.restore();
    for (const name of ['a', 'b']) first.add(name);
    first.tend();
    await settle();

    disk.isReadable = false;
    const second = open(clock, disk);
    await second.restore();
    second.add('c');
    second.remove('b');
    for (let s = 0; s < 120; s++) {
      second.tend();
      await clock.advance(1_000);
    }
    disk.isReadable = true;
    for (let s = 0; s < 60; s++) {
      second.tend();
      await clock.advance(1_000);
    }
    await settle();

    const canRemove = !['maintenance', 'acknowledgements', 'programmes'].includes(what);
    const third = open(createManualClock(clock.wallMs() + MINUTE_MS, 'synced'), disk);
    await third.restore();
    third.tend();
    for (const run of [second, third]) {
      if (what === 'acknowledgements' && run === second) continue; // Each is taken once.
      t.same([...run.names()].sort(), canRemove ? ['a', 'c'] : ['a', 'b', 'c']);
    }
  });

t.test('what was replaced and then ended before a late read does not come back', async (t) => {
  const disk = diskOf();
  const clock = createManualClock(NOON, 'synced');
  const parts = { clock, store: disk, log };
  const alarms = { onBegun: () => {}, onEnded: () => {}, onChange: () => {} };
  const request = { reason: 'work', owner: 'site', source: 'console:ada' } as const;
  const target = { kind: 'zone', id: 'a' } as const;
  const openAll = () => ({
    maintenance: new MaintenanceRegistry({ ...parts, ...alarms }),
    programmes: new ProgrammeRegistry({ ...parts, street, events }),
    overrides: new OverrideRegistry({ ...parts, events }),
  });
  const choice = { commandId: 'p', minutes: 600, reason: '', source: 'platform', zone: 'a', programme: programme?.id ?? '' };
  const first = openAll();
  for (const each of Object.values(first)) await each.restore();
  first.maintenance.start({ ...request, target, minutes: 300 } as never);
  first.programmes.choose(choice);
  first.overrides.add(intentOn(clock, 'a'));
  await settle();

  disk.isReadable = false;
  const second = openAll();
  for (const each of Object.values(second)) await each.restore();
  second.maintenance.start({ ...request, target, minutes: 60 } as never);
  second.maintenance.end({ target, owner: 'site' });
  second.programmes.choose(choice);
  second.programmes.choose({ ...choice, programme: null });
  second.overrides.add({ ...intentOn(clock, 'a'), untilMono: clock.monoMs() + 10_000 });
  for (let s = 0; s < 120; s++) {
    if (s === 60) disk.isReadable = true;
    second.maintenance.tend();
    second.programmes.tend(false);
    second.overrides.tend(false);
    await clock.advance(1_000);
  }
  t.same([second.maintenance.list.length, second.programmes.choices().size, second.overrides.intents().length], [0, 0, 0]);
});
