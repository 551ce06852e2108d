/** A running agent as the console sees it, for tests. */

import { renderReport } from '../../../agent/console/report/render-report.ts';
import { learn } from '../../../agent/console/text/translate.ts';
import type { AuditNote } from '../../../agent/core/audit-tools.ts';
import { msg, NO_TEXT } from '../../../agent/core/message.ts';
import type { DeviceView, LineView } from '../../../agent/core/ports.ts';
import type { ReportTools } from '../../../agent/core/report.ts';
import type { AgentView, LampView, PointView, StatusView, WhyLamp, WhyView } from '../../../agent/core/views.ts';
import type { AgentEvent, Outcome, TraceLine } from '../../../agent/core/words.ts';
import { fakeAcceptance } from './fake-acceptance.ts';
import { createFakeAccess } from './fake-access.ts';
import { fakeAlarms } from './fake-alarms.ts';
import { createFakeBus, METER, profiles } from './fake-bus.ts';
import { AT_MS, TIMEZONE } from './fake-clock.ts';
import { fakeLight } from './fake-light.ts';
import { fakePanels } from './fake-panels.ts';
import { createFakeRecorder, createFakeSniffer } from './fake-recorder.ts';
import { auditPage, energy, exportOf, fakeStoreView, history, meterLoad, storeCheck, storedFrames, storeStatus } from './fake-store.ts';
import { fakeUplinkTools, uplinkTest, uplinkView } from './fake-uplink.ts';

function lampId(number: number): string {
  return `L${String(number).padStart(2, '0')}`;
}

function lamp(number: number, changes: Partial<LampView> = {}): LampView {
  return {
    id: lampId(number),
    pole: `P${String(number).padStart(2, '0')}`,
    wantedPct: 30,
    measuredPct: 30,
    rank: 'programme',
    reason: 'programme',
    following: true,
    faults: [],
    ...changes,
  };
}

export function line(id: string, changes: Partial<LineView> = {}): LineView {
  return {
    id,
    kind: 'modbus',
    port: '/dev/serial/by-path/platform-3f980000.usb-usb-0:1.3:1.0-port0',
    state: 'up',
    reason: NO_TEXT,
    baud: 19_200,
    busyPct: 41.3,
    transactions: 123_456,
    timeouts: 3,
    crcErrors: 0,
    exceptions: 0,
    lateReplies: 0,
    noiseBytes: 0,
    ...changes,
  };
}

/** The active event of silent lamp `L<number>`, begun `number` times ten minutes before `AT_MS`, with these changes. */
export function fakeEvent(number: number, changes: Partial<AgentEvent> = {}): AgentEvent {
  return {
    id: `unit-silent:${lampId(number)}:${AT_MS}`,
    code: 'unit-silent',
    source: lampId(number),
    severity: 'warning',
    text: msg`${lampId(number)} does not answer; check its supply, address ${3} and ${msg`the wire to pole ${'P03'}`} (line ${'street'}); ${msg`unit ${3}: no reply in ${80} ms`}`,
    startMs: AT_MS - number * 600_000,
    endMs: null,
    ...changes,
  };
}

export function status(changes: Partial<StatusView> = {}): StatusView {
  const lamps = Array.from({ length: 12 }, (_, index) => lamp(index + 1));
  return {
    version: '0.1.0',
    cabinet: { id: 'ANG-0421', name: 'Rue Bressigny, côté préfecture' },
    atMs: AT_MS,
    timezone: TIMEZONE,
    clockQuality: 'synced',
    upS: 11_520,
    rssMb: 74.3,
    startMs: 642,
    night: true,
    sunAltitudeDeg: -41.23,
    zones: [{ id: 'bressigny', programme: 'winter', reason: 'presence', minPct: 30, maxPct: 80, lamps }],
    lines: [line('street'), line('cabinet', { baud: 9_600, state: 'down', reason: msg`no such port; is the adapter plugged in?` })],
    units: { ok: 11, flaky: 0, silent: 1 },
    store: storeStatus(),
    uplink: {
      state: 'online',
      broker: 'mqtts://broker.angers.example:8883',
      reason: msg``,
      sinceMs: AT_MS - 3_600_000,
      bdSeq: 4,
      readingsPublished: 82_340,
      readingsHistorical: 0,
      readingsAcked: 82_320,
      messagesSent: 4_030,
      bytesSent: 900_000,
      commandsReceived: 1,
      commandsRefused: 0,
    },
    activeEvents: [fakeEvent(3)],
    detections: 5,
    lampsRaised: 17,
    ...changes,
  };
}

export function devices(): DeviceView[] {
  const common = { line: 'street', profile: 'wb-led', failures: 0, turnaroundMs: 4.62, state: 'ok', faults: [] } as const;
  return [
    { ...common, id: 'L01', unit: 1, pole: 'P01', lastSeenMs: AT_MS - 900 },
    { ...common, id: 'L02', unit: 2, pole: 'P02', lastSeenMs: null, turnaroundMs: null, state: 'silent', failures: 14 },
    { ...common, id: 'air', line: 'air', unit: 0, pole: null, profile: 'nova-sds011', lastSeenMs: AT_MS - 130_000, turnaroundMs: null },
  ];
}

export function points(): PointView[] {
  return [
    { pointId: 'L01.level', value: 30, unit: '%', decimals: 0, quality: 'good', ageS: 0.8 },
    { pointId: 'L01.temperature', value: 11.25, unit: '°C', decimals: 1, quality: 'stale', ageS: 75 },
    { pointId: 'air.pm25', value: 8.5, unit: 'µg/m³', decimals: 1, quality: 'good', ageS: 3_700 },
    { pointId: 'L02.level', value: null, unit: '%', decimals: 0, quality: 'missing', ageS: null },
    { pointId: 'broken.value', value: Number.NaN, unit: '', decimals: 2, quality: 'bad', ageS: 1 },
  ];
}

const DEFAULT: TraceLine = { rank: 'default', source: 'zone', levelPct: 100, applied: false, text: msg`design level`, untilMs: null };

const DUSK: TraceLine = {
  rank: 'dusk',
  source: 'sun',
  levelPct: null,
  applied: true,
  text: msg`sun 41.2 deg below the horizon, lit below -2 deg`,
  untilMs: null,
};

const PROGRAMME: TraceLine = {
  rank: 'programme',
  source: 'winter',
  levelPct: 30,
  applied: true,
  text: msg`22:00 step of winter: 30 %`,
  untilMs: AT_MS + 24_600_000,
};

const PRESENCE: TraceLine = {
  rank: 'presence',
  source: 'S03.motion',
  levelPct: 80,
  applied: true,
  text: msg`S03 saw someone 36 s ago, holds 24 s more`,
  untilMs: AT_MS + 24_000,
};

export function whyLamp(number: number, near = false): WhyLamp {
  const level = near ? ({ wantedPct: 80, measuredPct: 78, rank: 'presence', reason: 'presence' } as const) : {};
  const trace = near ? [PRESENCE, { ...PROGRAMME, applied: false }, DUSK, DEFAULT] : [PROGRAMME, DUSK, DEFAULT];
  return { ...lamp(number, level), sinceMs: AT_MS - 115_000, trace };
}

export function whyZone(): WhyView {
  return { id: 'bressigny', kind: 'zone', lamps: Array.from({ length: 12 }, (_, index) => whyLamp(index + 1, index > 1 && index < 4)) };
}

export function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    commandId: 'c1',
    target: { kind: 'zone', id: 'bressigny' },
    levelPct: 80,
    state: 'verified',
    reason: msg``,
    lamps: Object.fromEntries(Array.from({ length: 35 }, (_, index) => [lampId(index + 1), 'verified'])),
    source: 'console:tech',
    atMs: AT_MS,
    ...changes,
  };
}

function fakeUplink(asked: unknown[]): Pick<AgentView, 'uplink' | 'uplinkTools' | 'testUplink'> {
  return {
    uplink: async () => uplinkView(),
    uplinkTools: fakeUplinkTools(asked),
    testUplink: async ({ broker }, report) => {
      asked.push({ broker });
      for (const step of uplinkTest().steps) report(step);
      return uplinkTest({ broker: broker ?? uplinkTest().broker });
    },
  };
}

/** Verifies each override but one to 0 %, which it refuses. */
function fakeOverrides(asked: unknown[]): Pick<AgentView, 'override' | 'release'> {
  return {
    override: async (request) => {
      asked.push(request);
      const answer =
        request.levelPct === 0
          ? outcome({
              target: request.target,
              levelPct: 0,
              state: 'refused',
              reason: msg`zone bressigny may not be darker than 10 %`,
              lamps: {},
            })
          : outcome({ target: request.target, levelPct: request.levelPct });
      return { ...answer, untilMs: AT_MS + request.minutes * 60_000 };
    },
    release: async (request) => {
      asked.push(request);
      return outcome({ target: request.target, levelPct: null });
    },
  };
}

/** Lamps do not have the numbers of their poles. */
const NAMES: ReturnType<AgentView['names']> = {
  lamps: ['L07', 'L08', 'L09'],
  zones: ['bressigny'],
  panels: ['square-panel'],
  devices: ['L01', 'L02', 'air'],
  lines: ['street', 'air'],
  modbusLines: ['street'],
  poles: [
    { id: 'P07', lamps: ['L08'] },
    { id: 'P08', lamps: ['L07', 'L09'] },
    { id: 'P09', lamps: [] },
  ],
};

/** In this thread, which is faster for a small report. */
export const renderHere: ReportTools['render'] = async (report, layout) => {
  await learn(layout.language);
  return renderReport(report, layout.format, layout);
};

const PROOFS: Pick<AgentView, 'predictions' | 'savings' | 'reports'> = {
  predictions: async () => [],
  reports: { make: async () => ({ ok: false, why: 'no-data' }), sign: async () => ({ ok: false, why: 'no-key' }), render: renderHere },
  savings: {
    ledger: async () => ({ ok: true, value: { entries: [], head: { n: 0, hash: '' }, brokenAt: null, sealedN: 0 } }),
    add: async (note) => ({ ok: true, value: { ...note, n: 1, hash: '0'.repeat(64), atMs: 0 } }),
    freeze: async () => ({ ok: false, why: 'too-few-nights' }),
    result: async () => ({ ok: false, why: 'no-baseline' }),
    export: async () => ({ ok: false, why: 'no-baseline' }),
  },
};

function twoEvents(): AgentEvent[] {
  return [fakeEvent(1), fakeEvent(2, { severity: 'info', endMs: AT_MS })];
}

/** An agent that answers from fixed facts; `asked` gets the requests, `noted` the audit notes. */
export function createFakeView(): AgentView & { readonly asked: unknown[]; readonly noted: AuditNote[] } {
  const asked: unknown[] = [];
  const noted: AuditNote[] = [];
  return {
    asked,
    noted,
    ...{ acceptance: fakeAcceptance(), access: createFakeAccess(asked) },
    audit: {
      note: (note) => void noted.push(note),
      read: async (query) => (asked.push(query) > 0 ? auditPage(query.isVerified) : undefined),
    },
    status: async () => status(),
    updates: null,
    metrics: async () => [
      { name: 'luciole', type: 'info', unit: '', help: 'Version', samples: [{ labels: { version: '0.1.0' }, value: 1 }] },
      { name: 'luciole_starts', type: 'counter', unit: '', help: 'Starts', samples: [{ value: 3 }] },
    ],
    devices,
    points: (filter) => points().filter(({ pointId }) => pointId.includes(filter)),
    light: fakeLight(asked),
    panels: fakePanels(asked),
    alarms: fakeAlarms(asked),
    whyAt: (id, atMs) => {
      asked.push({ id, atMs });
      return { id, kind: 'lamp', lamps: [{ ...whyLamp(7), measuredPct: null, sinceMs: atMs, requestedPct: 5 }], atMs };
    },
    recordedAt: async () => undefined,
    decisions: async () => undefined,
    why: (id) => (id === 'bressigny' ? whyZone() : id === 'L09' ? undefined : { id, kind: 'lamp', lamps: [whyLamp(7, true)] }),
    ...fakeOverrides(asked),
    bus: createFakeBus(asked),
    sniffer: createFakeSniffer(),
    recorder: createFakeRecorder(asked),
    events: async ({ activeOnly }) => (activeOnly ? [fakeEvent(1)] : twoEvents()),
    readEvents: async () => twoEvents(),
    history: async (query) => {
      asked.push(query);
      return query.pointId === 'broken.value' ? undefined : history(query);
    },
    exportPage: async (query) => exportOf(storedFrames(450), query),
    store: async () => fakeStoreView(),
    checkStore: async () => storeCheck(),
    backupStore: async () => ({ path: '/var/lib/luciole/state.db.bak', bytes: 98_304, atMs: AT_MS }),
    config: null,
    logFeed: null,
    meterLoads: () => [meterLoad()],
    ...PROOFS,
    energy: async (query) => {
      asked.push(query);
      return query.by === 'month' ? undefined : energy();
    },
    ...fakeUplink(asked),
    profiles,
    profile: (id) => (id === METER.id ? METER : undefined),
    language: 'en',
    names: () => NAMES,
  };
}
