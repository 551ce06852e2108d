/** What a store answers in tests of the console. */

import type { AuditPage } from '../../../agent/core/audit-tools.ts';
import { count } from '../../../agent/core/counts.ts';
import { type Message, msg } from '../../../agent/core/message.ts';
import type { MeterLoadView } from '../../../agent/core/meter-load-view.ts';
import type { ExportQuery, History, HistoryQuery, StoreCheck, StoredFrame, StoreStatus } from '../../../agent/core/ports.ts';
import type { ChoreView, EnergyRow, EnergyView, StoreView } from '../../../agent/core/views.ts';
import { AT_MS } from './fake-clock.ts';

export function storeStatus(changes: Partial<StoreStatus> = {}): StoreStatus {
  return {
    state: 'ok',
    reason: msg``,
    epoch: '8f1c0a6be2d94f7ab3c5d7e9f1a2b3c4',
    frames: 4_021,
    readings: 82_345,
    bytes: 1_234_567,
    maxBytes: 512 * 2 ** 20,
    journal: { readings: 2_345, bytes: 13_367 },
    segments: { count: 34, readings: 80_000, bytes: 60_800 },
    oldestMs: AT_MS - 86_400_000,
    lastSeq: 4_021,
    cursorSeq: 4_019,
    backlogFrames: 2,
    readingsWaiting: 14,
    readingsStored: 82_345,
    readingsLost: 0,
    lossesEstimated: 0,
    gaps: 0,
    account: { produced: 82_345, delivered: 82_320, backlog: 25, gaps: 0, estimates: 0, isBalanced: true },
    written: { bytes: 87_600_000, overMs: 11_520_000 },
    ...changes,
  };
}

export function chore(name: string, changes: Partial<ChoreView> = {}): ChoreView {
  return {
    name,
    cron: '17 * * * *',
    nextMs: AT_MS + 2_153_000,
    lastMs: AT_MS - 1_447_000,
    result: msg`nothing to do`,
    failed: false,
    ...changes,
  };
}

/** A healthy store, with these changes. */
export function fakeStoreView(changes: Partial<StoreView> = {}): StoreView {
  return {
    ...storeStatus(),
    dir: '/var/lib/luciole',
    commitSeconds: 10,
    maxDays: 400,
    hoursLeft: 3_120,
    writtenBytesPerDay: 657_000_000,
    chores: [
      chore('compaction', { result: msg`${count(21_600, 'reading')} packed into ${count(1, 'segment')}, ${'123.4'} into ${'16.2'} kB` }),
      chore('integrity', { cron: '17 12 * * 3', nextMs: AT_MS + 51_600_000, lastMs: null, result: msg`` }),
    ],
    ...changes,
  };
}

export function storeCheck(changes: Partial<StoreCheck> = {}): StoreCheck {
  return {
    files: [
      { file: 'telemetry.db', ok: true, problems: [], bytes: 1_234_567 },
      { file: 'state.db', ok: true, problems: [], bytes: 98_304 },
    ],
    account: storeStatus().account,
    ...changes,
  };
}

/**
 * One reading for each full step of `fromMs` to before `toMs`; every seventh has no value.
 *
 * A step is an hour for `hour`, otherwise a minute. `raw` gives rows, the others buckets.
 */
export function history({ fromMs, toMs, resolution }: Pick<HistoryQuery, 'fromMs' | 'toMs' | 'resolution'>): History {
  const stepMs = { raw: 60_000, minute: 60_000, hour: 3_600_000 }[resolution];
  const startMs = Math.ceil(fromMs / stepMs) * stepMs;
  const times = Array.from({ length: Math.max(0, Math.ceil((toMs - startMs) / stepMs)) }, (_, index) => startMs + index * stepMs);
  const valueAt = (ms: number): number => Math.round(600 + 300 * Math.sin(ms / 14_000_000)) / 10;
  const rows = times.map((atMs, index) =>
    index % 7 === 6
      ? ({ atMs, value: null, quality: 'missing', isCorrected: false } as const)
      : ({ atMs, value: valueAt(atMs), quality: 'good', isCorrected: index === 0 } as const),
  );
  const buckets = rows.map(({ atMs, value }) =>
    value === null
      ? { atMs, min: null, mean: null, max: null, values: 0, readings: 1 }
      : { atMs, min: value - 2, mean: value + 0.123, max: value + 3, values: 59, readings: 60 },
  );
  return resolution === 'raw' ? { rows, buckets: [], isCut: false } : { rows: [], buckets, isCut: false };
}

/** Figures of thirty nights of twelve lamps, with these changes: 100 % until 22:00, then 30 %, and 80 % near a person. */
export function energyRow(changes: Partial<EnergyRow> = {}): EnergyRow {
  return {
    period: null,
    zone: 'bressigny',
    nights: 30,
    lamps: 12,
    litH: 391.4,
    bandsH: [0, 0, 0, 2_573.2, 0, 0, 0, 0, 281.2, 0, 1_842.4],
    meanLevelPct: 55.9,
    raisedPct: 5.98,
    activations: 1_234,
    kwh: 112.43,
    quietKwh: 106.88,
    standbyKwh: 1.98,
    baselineKwh: 328.8,
    savedKwh: 216.37,
    savedPct: 65.8,
    unknownLampH: 0,
    unknownSavedKwh: 0,
    reduction: 0.57,
    periods: [
      { levelPct: 100, hours: 153.5, reduction: 1, raisedReduction: null, detectionPct: 0 },
      { levelPct: 30, hours: 237.9, reduction: 0.328, raisedReduction: 0.808, detectionPct: 9.85 },
    ],
    ...changes,
  };
}

export function energy(changes: Partial<EnergyView> = {}): EnergyView {
  return {
    firstNight: '2026-11-02',
    lastNight: '2026-12-01',
    isOpen: true,
    rows: [energyRow()],
    meters: [{ device: 'M01', nights: 30, kwh: 131.2, computedKwh: 112.43 }],
    awayH: 0,
    undatedH: 0,
    ...changes,
  };
}

/** Frames for an export, oldest first: one a minute, the last a minute before `AT_MS`, with seq 11, 12, ... */
export function storedFrames(count: number): readonly StoredFrame[] {
  return Array.from({ length: count }, (_, index) => {
    const atMs = AT_MS - (count - index) * 60_000;
    const readings = [
      { pointId: 'L01.level', value: 30, quality: 'good', atMs },
      { pointId: 'air.pm25', value: index === 1 ? null : 8.5, quality: index === 1 ? 'missing' : 'good', atMs: atMs + 250 },
    ] as const;
    return { seq: 11 + index, atMs, clockQuality: 'synced', isCorrected: index === 0, readings };
  });
}

/** The page of an export that the agent would send of these frames. `nextSeq` is null on the last page. */
export function exportOf(all: readonly StoredFrame[], { fromMs, toMs, afterSeq, maxFrames }: ExportQuery) {
  const within = all.filter(({ seq, atMs }) => seq > afterSeq && atMs >= fromMs && atMs < toMs);
  const frames = within.slice(0, maxFrames);
  const nextSeq = within.length > frames.length ? (frames.at(-1)?.seq ?? null) : null;
  return { epoch: storeStatus().epoch, frames, nextSeq };
}

const HASH = '0123456789abcdef'.repeat(4);

export function auditPage(isVerified: boolean, problems: readonly Message[] = []): AuditPage {
  const user = {
    user: 'marie',
    role: 'technician',
    door: 'login',
    action: 'override',
    detail: 'target=L07 level=80 for=30m',
    result: 'ok',
  } as const;
  const platform = {
    user: '',
    role: '',
    door: 'platform',
    action: 'override',
    detail: 'zone bressigny to 40 %',
    result: 'failed: expired',
  } as const;
  const entries = [user, platform].map((note, index) => ({ ...note, n: index + 12, atMs: AT_MS - 60_000 * (2 - index), hash: HASH }));
  return {
    entries,
    head: { n: 13, hash: HASH },
    verdict: isVerified ? { entries: 13, firstN: 1, reserved: 0, problems, remarks: [] } : null,
  };
}

/** A meter whose lamps cannot communicate, with one lost lamp. */
export function meterLoad(): MeterLoadView {
  return {
    meter: 'M01',
    powerW: 5_290,
    expectedW: 5_402,
    onSinceMs: AT_MS - 3 * 3_600_000,
    nights: 7,
    fullW: 6_950,
    smallestLossW: 108,
    voltageExponents: [1.5, 0.4],
    warmUpMin: 7,
    findings: [{ text: msg`M01: light was lost: 112 W, at full power 126 W`, sinceMs: AT_MS - 600_000 }],
  };
}
