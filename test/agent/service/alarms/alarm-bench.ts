/** The alarm handling with the list of open events, on a manual clock and a disk in memory that survives a restart. */

import type { MaintenanceRequest, MaintenanceView } from '../../../../agent/core/alarm-tools.ts';
import type { Cabinet, Lamp } from '../../../../agent/core/cabinet.ts';
import type { ClockQuality } from '../../../../agent/core/clock.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Store, StoreStatus } from '../../../../agent/core/ports.ts';
import type { AgentEvent, Outcome } from '../../../../agent/core/words.ts';
import { Alarms } from '../../../../agent/service/alarms/alarms.ts';
import type { AlarmSite } from '../../../../agent/service/alarms/covered-events.ts';
import type { PlacedSite } from '../../../../agent/service/alarms/event-place.ts';
import { createPlatformAlarms, type PlatformAlarms } from '../../../../agent/service/alarms/platform-alarms.ts';
import { createOngoing, endLeftovers, type Ongoing } from '../../../../agent/service/ongoing.ts';

const START_MS = Date.parse('2026-12-01T22:00:00Z');

const lamp = (id: string, device = id, point = 'level', pole = 'P1'): Lamp => ({
  id,
  device,
  point,
  pole,
  ratedPowerW: 40,
  minPct: 0,
  maxPct: 100,
});
const devices = ['L01', 'L02', 'L03', 'G1', 'S1', 'S2', 'L07'].map((id) => ({ id, pole: id.startsWith('S') ? 'P2' : null }));

/**
 * North: two lamps, a sensor. South: lamp L03, and a device with two lamps, one in no zone. A line and a zone look like points of L03. The
 * device of lamp L07 also drives L08.
 */
export const ALARM_SITE = {
  id: 'ANG-1',
  name: 'Rue Bressigny',
  lines: [
    { id: 'street', devices: devices.slice(0, 4) },
    { id: 'north', devices: [{ id: 'M1', pole: null }] },
    { id: 'far', devices: [{ id: 'L09', pole: null }] },
    { id: 'L03.line', devices: [] },
    { id: 'sensors', devices: [...devices.slice(4), { id: 'L01.far', pole: 'P2' }] },
  ],
  poles: [
    { id: 'P1', atM: 30, branch: null },
    { id: 'P2', atM: 60, branch: 'alley' },
  ],
  lamps: [
    lamp('L01'),
    lamp('L02'),
    lamp('L03'),
    lamp('A', 'G1', 'ecg0_level'),
    lamp('B', 'G1', 'ecg1_level'),
    lamp('L09', 'L09', 'level', 'P2'),
    lamp('L07', 'L07', 'ecg0_level'),
    lamp('L08', 'L07', 'ecg1_level'),
  ],
  zones: [
    { id: 'north', lamps: ['L01', 'L02'], presence: { sensors: [{ device: 'S1' }, { device: 'S2' }] }, photocell: null, traffic: null },
    { id: 'south', lamps: ['L03', 'A', 'L09'], presence: { sensors: [{ device: 'S2' }] }, photocell: null, traffic: null },
    { id: 'one', lamps: ['L07'], presence: null, photocell: null, traffic: null },
    { id: 'both', lamps: ['L07', 'L08'], presence: null, photocell: null, traffic: null },
    { id: 'L03.zone', lamps: [], presence: null, photocell: null, traffic: null },
  ],
} as unknown as AlarmSite & PlacedSite & Cabinet;

/** What a restart keeps. `works` false: it accepts nothing and cannot be read. */
export interface BenchDisk {
  readonly facts: Map<string, unknown>;
  readonly events: Map<string, AgentEvent>;
  works: boolean;
}

export interface AlarmBench {
  readonly clock: ManualClock;
  readonly disk: BenchDisk;
  readonly alarms: Alarms;
  readonly platform: PlatformAlarms;
  readonly ongoing: Ongoing;
  /** Events in the order in which the log has raised them; not those that were suppressed. */
  readonly raised: AgentEvent[];
  /** Events passed to the uplink. */
  readonly sent: AgentEvent[];
  readonly outcomes: Outcome[];
  readonly shown: Map<string, unknown>;
  begin(code: AgentEvent['code'], source: string, over?: Partial<AgentEvent>): AgentEvent;
  end(event: AgentEvent, over?: Partial<AgentEvent>): void;
  maintain(target: string, minutes: number | null, over?: Partial<MaintenanceRequest>): Promise<readonly MaintenanceView[]>;
  open(): readonly string[];
  /** Another run on the same disk; `passedMs`: how long the machine was off. */
  restart(options?: {
    passedMs?: number;
    quality?: ClockQuality;
    wrongByMs?: number;
    early?: Parameters<typeof createAlarmBench>[3];
  }): Promise<AlarmBench>;
}

const newDisk = (): BenchDisk => ({ facts: new Map(), events: new Map(), works: true });

/** `early`: what happens before the disk is read. */
export async function createAlarmBench(
  disk = newDisk(),
  startMs = START_MS,
  quality: ClockQuality = 'synced',
  early: readonly (readonly [code: AgentEvent['code'], source: string])[] = [],
): Promise<AlarmBench> {
  const clock = createManualClock(startMs, quality);
  const raised: AgentEvent[] = [];
  const sent: AgentEvent[] = [];
  const outcomes: Outcome[] = [];
  const shown = new Map<string, unknown>();
  const store = storeOn(disk);
  const log = { event: () => {} };
  const made: { alarms?: Alarms } = {};
  const ongoing: Ongoing = createOngoing({
    store,
    uplink: { outcome: () => {}, event: (event) => void sent.push(event) },
    log: { event: () => {} },
    self: { note: (event) => void raised.push(event) },
    flight: { note: () => {} },
    record: { note: () => {} },
    alarms: { admit: (event, before) => (made.alarms as Alarms).admit(event, before) },
  });
  const uplink = { update: (_: string, metric: string, { value }: { value: unknown }) => void shown.set(metric, value) };
  const platform = createPlatformAlarms(
    { clock, site: () => ALARM_SITE, uplink, onOutcome: (outcome) => void outcomes.push(outcome) },
    () => made.alarms as Alarms,
  );
  const alarms = new Alarms({ clock, store, log, site: () => ALARM_SITE, ongoing, onMaintenance: platform.show });
  made.alarms = alarms;
  const begin: AlarmBench['begin'] = (code, source, over = {}) => {
    const startMs = clock.wallMs();
    const usual = { severity: 'alarm', text: msg`${source}: wrong`, endMs: null } as const;
    const event: AgentEvent = { id: `${code}:${source}:${startMs}`, code, source, startMs, ...usual, ...over };
    ongoing.onEvent(event);
    return event;
  };
  for (const [code, source] of early) begin(code, source);
  await alarms.begin();
  await endLeftovers({ store, clock, isGoingOn: ongoing.isGoingOn });
  const kindOf = (id: string) => (ALARM_SITE.zones.some((zone) => zone.id === id) ? 'zone' : id === ALARM_SITE.id ? 'cabinet' : 'lamp');
  return {
    ...{ clock, disk, alarms, platform, ongoing, raised, sent, outcomes, shown },
    begin,
    end: (event, over = {}) => ongoing.onEvent({ ...event, endMs: Math.max(clock.wallMs(), event.startMs), ...over }),
    maintain: async (id, minutes, over = {}) =>
      (await alarms.maintain({ target: { kind: kindOf(id), id }, minutes, reason: '', owner: 'site', source: 'console:anna', ...over }))
        .maintenance,
    open: () => ongoing.openEvents().map(({ code, source }) => `${code} ${source}`),
    restart({ passedMs = 0, quality: next = quality, wrongByMs = 0, early = [] } = {}) {
      alarms.stop();
      return createAlarmBench(disk, clock.wallMs() + passedMs + wrongByMs, next, early);
    },
  };
}

function storeOn(disk: BenchDisk): Pick<Store, 'save' | 'load' | 'events' | 'readEvents' | 'status' | 'appendEvent' | 'appendOutcome'> {
  const stored = ({ sinceMs, limit }: Parameters<Store['events']>[0]): readonly AgentEvent[] =>
    [...disk.events.values()].filter(({ startMs, endMs }) => startMs >= sinceMs || endMs === null || endMs >= sinceMs).slice(-limit);
  return {
    save: async (key, value) => {
      if (!disk.works) return false;
      if (value === undefined) disk.facts.delete(key);
      else disk.facts.set(key, JSON.parse(JSON.stringify(value)));
      return true;
    },
    load: async (key: string, unread?: unknown) => (disk.works ? disk.facts.get(key) : unread),
    events: async (query) => stored(query),
    readEvents: async (query) => (disk.works ? stored(query) : undefined),
    status: async () => ({ state: disk.works ? 'ok' : 'trouble' }) as StoreStatus,
    appendEvent: (event) => {
      if (disk.works) disk.events.set(event.id, { ...event, endMs: event.endMs ?? disk.events.get(event.id)?.endMs ?? null });
    },
    appendOutcome: () => {},
  };
}
