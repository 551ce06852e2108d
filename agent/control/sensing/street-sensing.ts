/** The states of all sensors, photocells, counters, rules and contacts of the street, as inputs of a decision. */
import { type Clock, isTrusted, type MonoMs } from '../../core/clock.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type { Decision, Intent, PointId, Reading } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import type { Detection, LightingSnapshot } from '../../lighting/lighting.ts';
import { isDarkAt } from '../../lighting/night.ts';
import type { SunNow } from '../../lighting/photocell.ts';
import { sunAltitudeDeg } from '../../lighting/sun.ts';
import { createContactTracker, type LightContact } from './contact-tracker.ts';
import { createLongRaiseTracker } from './long-raise-tracker.ts';
import { PhotocellTracker } from './photocell-tracker.ts';
import { createRuleTracker } from './rule-tracker.ts';
import { createSensorTracker, type TrackerParts } from './sensor-tracker.ts';
import { createTrafficTracker } from './traffic-tracker.ts';

/** The dependencies of `createStreetSensing`: those of the trackers, what the sun needs, the store, and the contacts. */
export interface StreetSensingParts extends TrackerParts {
  readonly clock: Clock;
  /** Gives the dusk and dawn of a zone, by which photocells are judged. */
  readonly plan: Decider['plan'];
  /** Keeps contacts, and faults of photocells, for `restore` at the next start. */
  readonly store: Pick<Store, 'save' | 'load'>;
  /** Contacts that request light. */
  readonly contacts: ReadonlyMap<PointId, LightContact>;
  /** The zone of a contact that lights a single zone; any other lights the whole cabinet. */
  readonly contactZones?: ReadonlyMap<PointId, string>;
}

/** The states of sensors, photocells, counters, rules and contacts of a street, from their readings. */
export interface StreetSensing {
  /** Restores contacts, and faults of photocells, of an earlier run. What cannot be read is not restored. Errors: none. */
  restore(): Promise<void>;
  /** Takes readings; some states follow only at `refresh`. Returns true when one cannot wait for the next tick, for example a detection. */
  take(readings: readonly Reading[]): boolean;
  /** Updates the states of `snapshot` by the newest readings and the time, and reports events. */
  refresh(): void;
  /** Returns the states now, as inputs of a decision. Their maps are live. */
  snapshot(): Required<Pick<LightingSnapshot, 'sensors' | 'photocells' | 'traffic' | 'rules' | 'overRaised'>>;
  /** Returns the recent detections at sensors of this cabinet that raise light themselves and have a pole, oldest first. */
  detections(): readonly Detection[];
  /** Returns the intents of contacts; expired ones may be among them. */
  intents(): readonly Intent[];
  /** Takes the newest decisions of all lamps. Call it before they are written, because the sensors may detect the agent's own light. */
  notice(decisions: readonly Decision[]): void;
  /** Returns the number of detections since the creation, at sensors that raise light themselves. */
  detectionCount(): number;
}

/** Key of the contacts that request light. */
const CONTACTS_KEY = 'control.contacts';
/** Key of the photocell faults, by point. */
const PHOTOCELLS_KEY = 'control.photocells';

/** The stored faults of the photocells. What could not be read is not written over. */
function storedFaults(store: Pick<Store, 'load' | 'save'>) {
  let isRead = false;
  return {
    load: async (): Promise<unknown> => {
      const stored = await store.load(PHOTOCELLS_KEY, UNREAD).catch(() => UNREAD);
      isRead ||= stored !== UNREAD;
      return stored;
    },
    save: (faults: unknown): void => {
      if (isRead) void store.save(PHOTOCELLS_KEY, withTexts(faults)).catch(() => false);
    },
  };
}

/** Creates what evaluates the readings of sensors, photocells, counters, rules and contacts of a street. */
export function createStreetSensing(parts: StreetSensingParts): StreetSensing {
  const { street, clock, store } = parts;
  const levels = new Map<string, number>();
  const changed = new Map<string, MonoMs>();
  const sensors = createSensorTracker({ ...parts, ownChangeMono: (lampId) => changed.get(lampId) ?? null });
  const faults = storedFaults(store);
  const photocells = new PhotocellTracker({ ...parts, isZoneLit, sunOf: (zoneId) => sunNow(zoneId, parts), onFaults: faults.save });
  const onContacts = (stored: unknown): void => void store.save(CONTACTS_KEY, stored).catch(() => {});
  const contacts = createContactTracker(parts.contacts, onContacts, parts.contactZones);
  const traffic = createTrafficTracker(parts);
  const rules = createRuleTracker(parts);
  const longRaises = createLongRaiseTracker(parts);

  function isZoneLit(zoneId: string): boolean {
    return (street.zones.find(({ id }) => id === zoneId)?.lamps ?? []).some((lampId) => (levels.get(lampId) ?? 0) > 0);
  }

  async function restoreContacts(): Promise<void> {
    const stored = await store.load(CONTACTS_KEY).catch(() => undefined);
    contacts.restore(stored, { nowMs: clock.wallMs(), nowMono: clock.monoMs() }, isTrusted(clock.quality()));
  }

  async function restorePhotocells(): Promise<void> {
    const stored = await faults.load();
    if (stored !== UNREAD) photocells.restore(stored);
  }

  return {
    restore: () => Promise.all([restoreContacts(), restorePhotocells()]).then(() => {}),
    take(readings) {
      photocells.take(readings);
      const isSomeone = sensors.take(readings);
      const isMore = traffic.take(readings);
      const isRule = rules.take(readings);
      const isRequested = contacts.take(readings, { nowMs: clock.wallMs(), nowMono: clock.monoMs() });
      return isSomeone || isMore || isRule || isRequested;
    },
    refresh() {
      sensors.refresh();
      photocells.refresh();
      traffic.refresh();
      rules.refresh({ sensors: sensors.states(), traffic: traffic.states() });
      longRaises.refresh(sensors.states());
    },
    snapshot: () => ({
      sensors: sensors.states(),
      photocells: photocells.states(),
      traffic: traffic.states(),
      rules: rules.states(),
      overRaised: longRaises.over(),
    }),
    detections: () => sensors.recent(),
    intents: () => contacts.intents(),
    notice(decisions) {
      longRaises.notice(decisions);
      for (const { lampId, levelPct } of decisions) {
        if (levels.get(lampId) === levelPct) continue;
        levels.set(lampId, levelPct);
        changed.set(lampId, clock.monoMs());
      }
    },
    detectionCount: () => sensors.detections(),
  };
}

/** The sun of a zone now; null while the time is not trusted. */
function sunNow(zoneId: string, { street, clock, plan }: StreetSensingParts): SunNow | null {
  const zonePlan = plan(zoneId);
  if (zonePlan === undefined || !isTrusted(clock.quality())) return null;
  const nowMs = clock.wallMs();
  const night = zonePlan.nights.at(nowMs);
  const { duskMs, dawnMs } = night;
  return { nowMs, duskMs, dawnMs, isNight: isDarkAt(night, nowMs), altitudeDeg: sunAltitudeDeg(street, nowMs) };
}
