/**
 * The points of a TIC meter that are not energy, from the groups of one frame.
 *
 * Pure. A point is left out where its group is missing or damaged.
 * Source: Enedis-NOI-CPT_54E; the bits of STGE also in NagoDede/linky_tic and hekmon/linkytic, which agree.
 */
import type { FrameValues } from './frame-codec.ts';
import { historicPeriod } from './tic-labels.ts';

/**
 * The values of the groups of one frame, by label. Null: the group is valid and has no value. A label is absent if its group was not
 * received, or not as a valid group.
 */
export type TicGroups = ReadonlyMap<string, number | null>;

/** Groups whose value is the point's, in both modes. */
const DIRECT: Readonly<Record<string, string>> = {
  SINSTS: 'apparent',
  PAPP: 'apparent',
  SINSTS1: 'apparent_l1',
  SINSTS2: 'apparent_l2',
  SINSTS3: 'apparent_l3',
  URMS1: 'voltage_l1',
  URMS2: 'voltage_l2',
  URMS3: 'voltage_l3',
  IRMS1: 'current_l1',
  IRMS2: 'current_l2',
  IRMS3: 'current_l3',
  IINST: 'current_l1',
  IINST1: 'current_l1',
  IINST2: 'current_l2',
  IINST3: 'current_l3',
  NTARF: 'tariff',
  DEMAIN: 'colour_tomorrow',
  DATE: 'clock',
};

/** Fields of STGE: point, lowest bit, number of bits. */
const STATUS_FIELDS: readonly (readonly [id: string, bit: number, bits: number])[] = [
  ['cutoff', 1, 3],
  ['colour', 24, 2],
  ['colour_tomorrow', 26, 2],
  ['peak_notice', 28, 2],
  ['peak', 30, 2],
];
/** Bit 0 of RELAIS is the dry contact; the others are virtual. */
const RELAYS = 8;

/**
 * Returns the values, by point id, of the points whose groups are present. Those of energy, load and subscribed power are left out, and
 * `peak_notice` of the historic mode.
 */
export function ticPoints(groups: TicGroups): FrameValues {
  const values: Record<string, number | null> = {};
  for (const [label, value] of groups) {
    const id = DIRECT[label];
    if (id !== undefined) values[id] = value;
  }
  return { ...values, ...statusOf(groups.get('STGE')), ...relaysOf(groups.get('RELAIS')), ...periodOf(groups.get('PTEC')) };
}

function statusOf(status: number | null | undefined): FrameValues {
  if (status == null) return {};
  return { status, ...Object.fromEntries(STATUS_FIELDS.map(([id, bit, bits]) => [id, (status >>> bit) & (2 ** bits - 1)])) };
}

function relaysOf(relays: number | null | undefined): FrameValues {
  if (relays == null) return {};
  return Object.fromEntries(Array.from({ length: RELAYS }, (_, bit) => [`relay_${bit + 1}`, (relays >>> bit) & 1]));
}

function periodOf(ptec: number | null | undefined): FrameValues {
  const period = ptec == null ? undefined : historicPeriod(ptec);
  return period === undefined ? {} : { tariff: period.tariff, colour: period.colour, peak: period.isPeak ? 1 : 0 };
}

/**
 * Apparent power of one ampere of the subscribed current, by phase. Units: VA. Source: Enedis-NOI-CPT_02E and the French tariffs: 30 A are 6 kVA, three
 * times 30 A are 18 kVA.
 */
const VA_PER_AMPERE = 200;

/**
 * Returns the subscribed power in a frame; null if it cannot be determined. In the historic mode the groups of the current are needed too:
 * they show the number of phases. Units: VA.
 */
export function subscribedVa(groups: TicGroups): number | null {
  const kva = groups.get('PREF');
  if (kva != null) return kva === 0 ? null : kva * 1_000;
  const ampere = groups.get('ISOUSC');
  const phases = groups.has('IINST') ? 1 : groups.has('IINST1') || groups.has('IINST2') || groups.has('IINST3') ? 3 : null;
  return ampere == null || ampere === 0 || phases === null ? null : ampere * phases * VA_PER_AMPERE;
}

/** Where the power is in relation to the subscribed one, with hysteresis. Shape: a sum of bits, 1 close to it and 2 above it. */
export type LoadState = 0 | 1 | 3;

/** Shares of the subscribed power at which the state begins and ends. Units: %. Source: assumed; the ends are beyond the noise of lamps. Confirmed by: a week of events of a cabinet close to its limit. */
const LIMITS = { close: { from: 90, until: 85 }, above: { from: 100, until: 95 } };

/**
 * Returns the state after one more value of the load. States 1 and 3 end at a lower load than they begin. Units: % of the subscribed
 * power.
 */
export function afterLoad(before: LoadState, loadPct: number): LoadState {
  const isAbove = before === 3 ? loadPct > LIMITS.above.until : loadPct > LIMITS.above.from;
  if (isAbove) return 3;
  return before > 0 ? (loadPct >= LIMITS.close.until ? 1 : 0) : loadPct >= LIMITS.close.from ? 1 : 0;
}
