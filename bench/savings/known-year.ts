/**
 * A year whose true saving is known: lamps are added, the rated power is wrong by 10 %, the meter is exchanged, the clock is lost, and the uplink is
 * down for three weeks.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import type { ChainEntry } from '../../agent/core/hash-chain.ts';
import type { LedgerCause, LedgerNote, SavingsDate, SavingsNight, SavingsResult } from '../../agent/core/savings-view.ts';
import type { EventCode } from '../../agent/core/words.ts';
import { closedNight, type LearnedNight } from '../../agent/diagnosis/savings/closed-night.ts';
import { energyChanges, energyFacts } from '../../agent/diagnosis/savings/energy-facts.ts';
import { eventNote } from '../../agent/diagnosis/savings/event-notes.ts';
import { frozenBaseline } from '../../agent/diagnosis/savings/frozen-baseline.ts';
import { baselineEntry, ledgerEntriesOf, ledgerEntry } from '../../agent/diagnosis/savings/ledger-chain.ts';
import { learnedFit } from '../../agent/diagnosis/savings/load-fit.ts';
import { savingsResult } from '../../agent/diagnosis/savings/savings-figures.ts';
import { simulatedCabinet } from './simulated-site.ts';
import { type SimulatedNight, SimulatedYear } from './simulated-year.ts';

/** The result of the year beside the truth. Units: kWh. */
export interface KnownYear {
  readonly result: SavingsResult;
  readonly chain: readonly ChainEntry[];
  readonly nights: readonly SavingsNight[];
  readonly savedTruthKwh: number;
  readonly causes: ReadonlySet<LedgerCause>;
}

/** Nights of what happens. The first night is that of 1 January. */
const AT = { frozen: 30, added: 120, corrected: 150, exchanged: 180, clockLost: 200, uplinkDown: 220, uplinkUp: 241, end: 365 };
/** Hours of the night without a meter, and without a trusted time. */
const EXCHANGE_MIN = { from: 640, to: 730 };
const CLOCK_MIN = { from: 700, to: 1_060 };
/** Rated power of the configuration over the real one, until it is corrected. Source: the issue, 10 %. */
const RATED_SHARE = 1.1;
const LAMPS = { first: 35, added: 42 };
const METER = { id: 'M1', profile: 'simulated', serial: '', classPct: 1 };
const METER_IDS = new Set([METER.id]);

/** Simulates the year. `source`: what the baseline is frozen from. */
export function knownYear(seed: number, source: 'nameplates' | 'meter'): KnownYear {
  const year = new SimulatedYear(seed);
  year.ratedShare = RATED_SHARE;
  const learned: LearnedNight[] = [];
  const nights: SavingsNight[] = [];
  const chain: ChainEntry[] = [];
  let savedTruthKwh = 0;
  const enter = (note: LedgerNote): unknown => chain.push(ledgerEntry(chain, note, Date.parse(note.from)));
  for (let at = 0; at < AT.end; at++) {
    const date = dateOf(at);
    if (at === AT.frozen) enter(frozenNote(year, learned, source, date));
    if (at === AT.added) {
      year.count = LAMPS.added;
      const factors = baselineEntry(ledgerEntriesOf(chain))?.baseline.factors ?? null;
      const factsOf = (count: number) => energyFacts(simulatedCabinet(year.ratedW.slice(0, count)), METER_IDS, factors);
      for (const note of energyChanges(factsOf(LAMPS.first), factsOf(LAMPS.added), date)) enter(note);
    }
    if (at === AT.corrected) {
      year.ratedShare = 1;
      for (const note of correction(year, source, date)) enter(note);
      // As the agent does: the computed energy has another scale.
      learned.length = 0;
    }
    for (const note of eventsOf(at, date)) enter(note);
    const night = year.night(at, (minute) => isRead(at, minute), at === AT.exchanged ? EXCHANGE_MIN.from : null);
    savedTruthKwh += at < AT.frozen ? 0 : (night.referenceWh - night.truthWh) / 1_000;
    nights.push(ended(year, night, date, learned));
  }
  const entries = ledgerEntriesOf(chain);
  const result = savingsResult(entries, nights, { from: dateOf(AT.frozen), to: dateOf(AT.end - 1) });
  if (result === null) throw new TypeError('the year has a baseline');
  return { result, chain, nights, savedTruthKwh, causes: new Set(entries.map(({ cause }) => cause)) };
}

/** A meter that was exchanged, or whose readings have no time, is not read. */
function isRead(night: number, minute: number): boolean {
  if (night === AT.exchanged) return minute < EXCHANGE_MIN.from || minute >= EXCHANGE_MIN.to;
  return night !== AT.clockLost || minute < CLOCK_MIN.from || minute >= CLOCK_MIN.to;
}

function eventsOf(night: number, date: SavingsDate): readonly LedgerNote[] {
  const event = (code: EventCode, source: string, startMs = 0, endMs: number | null = null): LedgerNote[] => {
    const note = eventNote({ code, source, startMs, endMs }, date, METER_IDS);
    return note === null ? [] : [note];
  };
  if (night === AT.exchanged) return event('counter-restarted', METER.id, 1, 1);
  if (night === AT.clockLost) return event('time-not-trusted', 'cabinet');
  return night === AT.uplinkDown ? event('uplink-down', 'cabinet') : [];
}

/** The rated power is corrected in the configuration. With nameplates a person also corrects the reference, from its first night on. */
function correction(year: SimulatedYear, source: 'nameplates' | 'meter', date: SavingsDate): readonly LedgerNote[] {
  const ratedW = year.ratedW.slice(0, LAMPS.added);
  const wrong = energyFacts(simulatedCabinet(ratedW.map((watts) => watts * RATED_SHARE)), METER_IDS, null);
  const changes = energyChanges(wrong, energyFacts(simulatedCabinet(ratedW), METER_IDS, null), date);
  if (source === 'meter') return changes;
  const { lamps } = simulatedCabinet(ratedW);
  const effect = { kind: 'power', lamps: lamps.map(({ id }) => id), powerW: lamps[0]?.ratedPowerW ?? 0 } as const;
  return [
    ...changes,
    { cause: 'wattage', by: 'console:ada', from: dateOf(AT.frozen), to: null, about: [], effect, note: 'measured at the pole' },
  ];
}

function frozenNote(year: SimulatedYear, learned: readonly LearnedNight[], source: 'nameplates' | 'meter', from: SavingsDate): LedgerNote {
  const fit = learnedFit(learned);
  const cabinet = simulatedCabinet(year.ratedW.slice(0, LAMPS.first));
  const baseline = frozenBaseline({
    ...{ cabinet, from, meters: [METER], tolerancePct: 10 },
    fit: source === 'meter' ? fit : null,
    otherW: fit?.otherW ?? 0,
  });
  return { cause: 'baseline', by: 'bench', from, to: null, about: [METER.id], effect: { kind: 'none' }, note: '', baseline };
}

function ended(year: SimulatedYear, night: SimulatedNight, date: SavingsDate, learned: LearnedNight[]): SavingsNight {
  const closed = closedNight(night.meter, night.lamps, night.toMs, learned);
  year.carry = closed.carry;
  if (closed.learned !== null) learned.push(closed.learned);
  const computedWh = night.lamps.between(night.fromMs, night.toMs).bandWh.reduce((sum, wh) => sum + wh, 0);
  return { date, fromMs: night.fromMs, toMs: night.toMs, meters: { [METER.id]: closed.stored }, zoneWh: { street: computedWh } };
}

function dateOf(night: number): SavingsDate {
  return new Date(Date.UTC(2027, 0, 1) + night * DAY_MS + 12 * HOUR_MS + MINUTE_MS).toISOString().slice(0, 10);
}
