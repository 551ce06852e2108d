/** Turns a change of the fault engine into an event with evidence: the readings and the decisions behind it. */
import type { Clock, MonoMs, WallMs } from '../../core/clock.ts';
import { count } from '../../core/counts.ts';
import type { EvidenceDecision, EvidenceReading } from '../../core/event-details.ts';
import { msg, NO_TEXT } from '../../core/message.ts';
import type { AgentEvent, Decision, PointId } from '../../core/words.ts';
import { WATCH_FACTS } from './fault-facts.ts';
import { type FaultFigures, type FaultTexts, FEEDER_TEXTS, LAMP_TEXTS, METER_TEXTS } from './fault-texts.ts';
import { signOfVoltage } from './feeder-watch.ts';
import type { WatchChange, WatchEngine } from './watch-engine.ts';
import type { LampFault } from './watch-faults.ts';
import { PHASES, type Series, type WatchFrame } from './watch-frame.ts';
import type { LampQuantity, WatchedLamp, WatchPlan } from './watch-plan.ts';

/** What the texts and events of faults are made from. `frame`, with the newest values, and `engine` are those of `plan`. */
export interface FaultReportParts {
  readonly plan: WatchPlan;
  readonly frame: WatchFrame;
  readonly engine: WatchEngine;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  /** Returns the newest decision for a lamp; undefined if there is none. */
  readonly decisionOf: (lampId: string) => Decision | undefined;
}

/** Quantities that support each fault of a lamp, besides its level. */
const SUPPORT: Partial<Record<LampFault, LampQuantity>> = {
  'supply-voltage-low': 'voltage',
  'supply-voltage-high': 'voltage',
  'power-factor-low': 'power-factor',
  'temperature-high': 'temperature',
  'driver-reset': 'uptime',
};
const UNITS: Readonly<Record<LampQuantity, string>> = {
  power: 'W',
  voltage: 'V',
  'power-factor': '',
  temperature: '°C',
  derating: '%',
  uptime: 's',
  level: '%',
};
/** Lamps of a feeder that the evidence lists. Source: assumed; a line of a terminal. Confirmed by: technicians. */
const MAX_LISTED = 8;

/** Returns the sentences about the fault that changed, for its begin and its end alike, with the present values. */
export function faultTexts(change: WatchChange, parts: FaultReportParts): FaultTexts {
  const figures = figuresOf(change, parts);
  if (change.kind === 'lamp') return LAMP_TEXTS[change.fault](figures);
  return change.kind === 'feeder' ? FEEDER_TEXTS[change.fault](figures) : METER_TEXTS[change.fault](figures);
}

/**
 * Returns the event of a fault that begins now, by the wall clock. Its `endMs` is null; that of a `driver-reset`, which has no duration, is
 * its start.
 */
export function faultEvent(change: WatchChange, parts: FaultReportParts): AgentEvent {
  const nowMs = parts.clock.wallMs();
  const { begin, evidence, check } = faultTexts(change, parts);
  const source = sourceOf(change, parts.plan);
  return {
    id: `${change.fault}:${source}:${nowMs}`,
    ...{ code: change.fault, source, startMs: nowMs, endMs: change.fault === 'driver-reset' ? nowMs : null },
    ...WATCH_FACTS[change.fault],
    text: begin,
    evidence: { text: evidence, ...supportOf(change, parts) },
    check,
  };
}

/** Returns the id of the lamp, feeder or meter of a change; the id of the cabinet if the plan has none at this index. */
export function sourceOf({ kind, index }: Pick<WatchChange, 'kind' | 'index'>, { lamps, feeders, meters, cabinetId }: WatchPlan): string {
  return (kind === 'lamp' ? lamps : kind === 'feeder' ? feeders : meters)[index]?.id ?? cabinetId;
}

function supportOf(
  change: WatchChange,
  parts: FaultReportParts,
): { readings: readonly EvidenceReading[]; decisions: readonly EvidenceDecision[] } {
  const { plan, frame } = parts;
  if (change.kind === 'lamp') {
    const lamp = plan.lamps[change.index];
    return lamp === undefined ? { readings: [], decisions: [] } : lampSupport(lamp, change.index, change.fault, parts);
  }
  if (change.kind === 'meter') return { readings: meterReadings(change.index, parts), decisions: [] };
  const feeder = plan.feeders[change.index];
  const contacts = (['supply', 'breaker', 'leakage'] as const).flatMap((contact) => {
    const pointId = feeder?.[contact] ?? null;
    return pointId === null ? [] : readingOf(frame.feeders[contact], change.index, { pointId, unit: '' }, parts);
  });
  return { readings: contacts, decisions: [] };
}

function lampSupport(lamp: WatchedLamp, index: number, fault: LampFault, parts: FaultReportParts): ReturnType<typeof supportOf> {
  const quantities: readonly LampQuantity[] = [SUPPORT[fault] ?? 'power', 'level'];
  const readings = quantities.flatMap((quantity) => {
    const pointId = lamp.points[quantity];
    return pointId === undefined ? [] : readingOf(parts.frame.lamps[quantity], index, { pointId, unit: UNITS[quantity] }, parts);
  });
  const decision = parts.decisionOf(lamp.id);
  const sinceMs = wallOf(parts.frame.commands.sinceMono[index] ?? 0, parts);
  return {
    readings,
    decisions: decision === undefined ? [] : [{ lampId: lamp.id, levelPct: decision.levelPct, reason: decision.reason, sinceMs }],
  };
}

function meterReadings(index: number, parts: FaultReportParts): readonly EvidenceReading[] {
  const { plan, frame } = parts;
  const meter = plan.meters[index];
  // The sum of several points is a reading of none of them.
  const [power, ...others] = meter?.power ?? [];
  return [
    ...(power === undefined || others.length > 0 ? [] : readingOf(frame.meters.power, index, { pointId: power, unit: 'W' }, parts)),
    ...(meter?.voltages ?? []).flatMap((pointId, phase) =>
      readingOf(frame.meters.voltage, index * PHASES + phase, { pointId, unit: 'V' }, parts),
    ),
  ];
}

/** Empty for a value that was never read. */
function readingOf(
  { values, atMono }: Series,
  index: number,
  { pointId, unit }: { readonly pointId: PointId; readonly unit: string },
  parts: FaultReportParts,
): readonly EvidenceReading[] {
  const value = values[index] ?? Number.NaN;
  return Number.isNaN(value) ? [] : [{ pointId, value, unit, atMs: wallOf(atMono[index] ?? 0, parts) }];
}

/** The present wall clock, less the time since then. */
function wallOf(atMono: MonoMs, { clock }: FaultReportParts): WallMs {
  return Math.round(clock.wallMs() - (clock.monoMs() - Math.max(0, atMono)));
}

function figuresOf(change: WatchChange, parts: FaultReportParts): FaultFigures {
  const { plan } = parts;
  const base = {
    id: sourceOf(change, plan),
    place: plan.cabinetId,
    found: '',
    expected: '',
    level: '',
    lamps: NO_TEXT,
    isByContact: false,
  };
  if (change.kind === 'lamp') return { ...base, ...lampFigures(change.index, change.fault, parts) };
  if (change.kind === 'meter') return { ...base, ...meterFigures(change, parts) };
  return { ...base, ...feederFigures(change.index, parts) };
}

function lampFigures(index: number, fault: LampFault, { plan, frame, engine }: FaultReportParts): Partial<FaultFigures> {
  const { settings } = plan;
  const quantity = SUPPORT[fault] ?? 'power';
  const value = frame.lamps[quantity].values[index] ?? Number.NaN;
  const level = frame.commands.levelPct[index] ?? 0;
  const band = engine.lamps.powerFactor.median(index, Math.max(0, Math.ceil(level / 10) - 1));
  const expected: Partial<Record<LampFault, string>> = {
    'supply-voltage-low': `${settings.voltageV * (1 - settings.voltageTolerancePct / 100)} V`,
    'supply-voltage-high': `${settings.voltageV * (1 + settings.voltageTolerancePct / 100)} V`,
    'temperature-high': `${settings.temperatureMaxC} °C`,
    'power-factor-low': (Number.isNaN(band) ? settings.powerFactorMin : band).toFixed(2),
  };
  const powerText = level > 0 ? `${engine.lamps.boundsAt(index, level).expectedW.toFixed(1)} W` : '';
  return {
    place: plan.lamps[index]?.pole ?? '',
    found: Number.isNaN(value) ? '-' : `${Number(value.toFixed(2))} ${UNITS[quantity]}`.trim(),
    expected: expected[fault] ?? powerText,
    level: `${level} %`,
  };
}

function feederFigures(index: number, { plan, frame, engine, clock }: FaultReportParts): Partial<FaultFigures> {
  const own = plan.feeders[index]?.lamps ?? [];
  const grouped = own.filter((lamp) => engine.common.isInGroup(lamp));
  const lost = grouped.length > 0 ? grouped : own;
  const ids = lost.slice(0, MAX_LISTED).map((lamp) => plan.lamps[lamp]?.id ?? '');
  const rest = lost.length > ids.length ? ' ...' : '';
  const sign = signOfVoltage(index, plan, frame, clock.monoMs());
  const unit = sign === null || sign.quantity === 'contact' ? '' : UNITS[sign.quantity];
  const found = sign === null ? '-' : `${Number(sign.value.toFixed(2))} ${unit}`.trim();
  return { lamps: msg`${count(lost.length, 'lamp')} (${`${ids.join(' ')}${rest}`})`, found, isByContact: grouped.length === 0 };
}

function meterFigures(
  { fault, index }: WatchChange & { readonly kind: 'meter' },
  { plan, frame, engine }: FaultReportParts,
): Partial<FaultFigures> {
  const { settings } = plan;
  const power = frame.meters.power.values[index] ?? Number.NaN;
  const volts = Array.from(frame.meters.voltage.values.subarray(index * PHASES, (index + 1) * PHASES)).filter(
    (value) => !Number.isNaN(value),
  );
  const { lampsW, otherW } = engine.meters.balance(index);
  switch (fault) {
    case 'unexpected-load':
      return { found: `${power.toFixed(0)} W`, expected: `${otherW.toFixed(0)} W` };
    case 'meter-differs':
      return { found: `${power.toFixed(0)} W`, expected: `${(lampsW + otherW).toFixed(0)} W` };
    case 'reactive-high':
      return { found: (Math.abs(frame.meters.reactive.values[index] ?? 0) / power).toFixed(2), expected: `${settings.tanPhiMax}` };
    default: {
      const sign = fault === 'supply-voltage-low' ? -1 : 1;
      return {
        found: volts.map((value) => `${value.toFixed(0)} V`).join(', '),
        expected: `${settings.voltageV * (1 + (sign * settings.voltageTolerancePct) / 100)} V`,
      };
    }
  }
}
