/** Turns the counts of a night that has ended into the stored night, and into what the model learns from it. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import type { SavingsGap, SavingsMeterNight } from '../../core/savings-view.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { estimatedGap, type GapErrors, isLit, TRIED_SLOTS, triedGaps, UNKNOWN_HALF } from './gap-estimate.ts';
import { type LampSlots, MAX_SLOTS, SLOT_MS } from './lamp-slots.ts';
import { fitOf, type LearnableNight, learnedFit, modelWh, type SpanFit } from './load-fit.ts';
import { type LoadSample, loadSums } from './load-sums.ts';
import type { MeterCarry, MeterNight } from './meter-night.ts';

/** What the model learns from a night of one meter. `errors`: of its tried parts; empty lists if earlier nights had taught too little. */
export interface LearnedNight extends LearnableNight {
  readonly errors: GapErrors;
}

/** A night of one meter: what is stored, what is learned, and the state of the meter for the next night. */
export interface ClosedMeterNight {
  readonly stored: SavingsMeterNight;
  /** Null for a night that is not complete enough to learn from. */
  readonly learned: LearnedNight | null;
  /** Null if the meter was never read. */
  readonly carry: MeterCarry | null;
}

/** Slots of one sample to learn from. Source: a quarter of an hour, in which the steps of a meter of 10 Wh are a few percent. */
const SAMPLE_SLOTS = 3;
/** Units: h. Source: assumed; four samples, so that one step of the meter is 10 W at most. Confirmed by: bench savings with 4 h. */
const LEAST_DARK_H = 1;
/**
 * Most nights that the model learns from, the newest ones. Source: assumed; a month has all levels of a programme. Confirmed by: bench
 * savings with 7 and 60.
 */
export const LEARNED_NIGHTS = 30;

/**
 * The lamps of a night count as known if more than this share of it is in five-minute slots in which they were counted, if only in part.
 * Source: assumed; less than one slot may be missing. Confirmed by: bench savings with 0.99.
 */
export const LEAST_KNOWN = 0.999;

/** The computed energy as it is, for a meter that has taught nothing. Which lamps one of several meters counts is not known: it gets an equal share. */
function nameplateFit(ofMeters: number): SpanFit {
  return { otherW: 0, litW: 0, factors: Array.from({ length: LEVEL_BANDS }, () => 1 / ofMeters) };
}

/**
 * Ends the night of a meter: estimates its gaps, and returns what is stored and learned. Call it once. `before`: what was learned in
 * earlier nights, newest last; if that is not enough, the coefficients come from this night. If that is too little too, they divide the
 * computed energy by `ofMeters`, the number of meters of the cabinet. Then `halfWh` is half of the estimate for a single meter, otherwise
 * the estimate times `ofMeters` - 1.
 *
 * `isMissed`: nothing was counted in the night, as without the agent, and it is estimated like another night. Then nothing is learned, and
 * `halfWh` is half of the estimate or more.
 */
export function closedNight(
  meter: MeterNight,
  lamps: LampSlots,
  toMs: WallMs,
  before: readonly LearnedNight[],
  { isMissed = false, ofMeters = 1 }: { readonly isMissed?: boolean; readonly ofMeters?: number } = {},
): ClosedMeterNight {
  const gaps = meter.end(toMs, lamps.addedWh);
  const { startWh, endWh, measuredWh, slotWh } = meter.sums();
  const hours = (toMs - meter.fromMs) / HOUR_MS;
  const { bandWh, knownShare } = lamps.between(meter.fromMs, toMs);
  const recent = before.slice(-LEARNED_NIGHTS);
  const night = { lamps, slotWh };
  const samples = [...samplesOf(lamps, slotWh)];
  const darkW = darkLoadW(samples);
  const lit = samples.filter((sample) => isLit(sample.bandWh));
  const litHours = litHoursOf(lamps);
  const own = { sums: loadSums(lit), hours, litHours, bandWh, meterWh: measuredWh, darkW };
  const learned = learnedFit(recent);
  const self = learned ?? learnedFit([own]);
  const earlier = learned === null ? null : fitOf(learned, darkW);
  const fit = self === null ? nameplateFit(ofMeters) : fitOf(self, darkW);
  const unknownHalf = self === null ? Math.max(UNKNOWN_HALF, ofMeters - 1) : UNKNOWN_HALF;
  const errors = TRIED_SLOTS.map((_, at) => recent.flatMap((each) => each.errors[at] ?? []));
  const estimated = gaps.map((gap) => {
    const found = estimatedGap(gap, night, fit, errors);
    return isMissed || self === null ? { ...found, halfWh: unknownHalf * found.wh } : found;
  });
  const isWhole = !isMissed && gaps.length === 0 && knownShare > LEAST_KNOWN;
  return {
    stored: {
      ...{ startWh, endWh, measuredWh, gaps: estimated },
      modelWh: earlier === null || isMissed ? null : modelWh(earlier, own),
      darkW: isMissed ? null : darkW,
    },
    learned: isWhole ? { ...own, errors: earlier === null ? TRIED_SLOTS.map(() => []) : triedGaps(night, earlier) } : null,
    carry: carried(meter.carry, estimated, toMs),
  };
}

/** A gap that is still open at the end has been assigned to this night. */
function carried(carry: MeterCarry | null, gaps: readonly SavingsGap[], toMs: WallMs): MeterCarry | null {
  const open = gaps.find((gap) => gap.why === 'meter-silent' && gap.toMs === toMs);
  return carry === null || open === undefined ? carry : { ...carry, assignedWh: carry.assignedWh + open.wh };
}

/** The mean load while no lamp is lit; null for less than an hour of it. */
function darkLoadW(samples: readonly LoadSample[]): number | null {
  const dark = samples.filter(({ bandWh }) => !isLit(bandWh));
  const hours = dark.reduce((sum, each) => sum + each.hours, 0);
  return hours < LEAST_DARK_H ? null : dark.reduce((sum, { meterWh }) => sum + meterWh, 0) / hours;
}

function litHoursOf(lamps: LampSlots): number {
  let slots = 0;
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    const fromMs = lamps.fromMs + slot * SLOT_MS;
    if (lamps.isCounted(slot) && isLit(lamps.between(fromMs, fromMs + SLOT_MS).bandWh)) slots++;
  }
  return (slots * SLOT_MS) / HOUR_MS;
}

function* samplesOf(lamps: LampSlots, slotWh: ArrayLike<number>): Generator<LoadSample> {
  for (let slot = 0; slot + SAMPLE_SLOTS <= MAX_SLOTS; slot += SAMPLE_SLOTS) {
    let meterWh = 0;
    let isCounted = true;
    for (let at = slot; at < slot + SAMPLE_SLOTS; at++) {
      meterWh += slotWh[at] ?? Number.NaN;
      isCounted &&= lamps.isCounted(at);
    }
    if (Number.isNaN(meterWh) || !isCounted) continue;
    const fromMs = lamps.fromMs + slot * SLOT_MS;
    const toMs = fromMs + SAMPLE_SLOTS * SLOT_MS;
    yield { hours: (toMs - fromMs) / HOUR_MS, bandWh: lamps.between(fromMs, toMs).bandWh, meterWh };
  }
}
