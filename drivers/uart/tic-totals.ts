/**
 * The energy points of a TIC meter, from frame to frame: confirmed indexes and their total.
 *
 * No clock: time is an argument.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import type { FrameValues } from './frame-codec.ts';
import { afterTicEnergy, NO_TIC_INDEX, type TicIndex } from './tic-energy.ts';
import { historicIndexes, tariffOf } from './tic-labels.ts';
import type { TicGroups } from './tic-points.ts';

/** A frame of the meter, or what is left of it. */
export interface ReceivedFrame {
  readonly groups: TicGroups;
  /** By label. Groups with the same number came in one frame, without damage between them. */
  readonly sections: ReadonlyMap<string, number>;
  /** When its last group arrived. */
  readonly atMono: MonoMs;
}

/**
 * Takes one more frame and returns the energy points that it confirms, in kWh; their values were received before it. `limitVa`: the
 * subscribed power in VA; null while it is not known.
 */
export type TicTotals = (frame: ReceivedFrame, limitVa: number | null) => FrameValues;

/**
 * Creates the function that returns the energy points of one meter. It takes the frames in their order. Later ones confirm a value, so the
 * first two give none.
 */
export function createTicTotals(): TicTotals {
  const indexes = new Map<string, TicIndex>();
  let option: { readonly value: number; readonly isSure: boolean } | null = null;

  const confirm = (label: string, wh: number, { sections, atMono }: ReceivedFrame, limitVa: number | null): number | null => {
    const section = sections.get(label) ?? 0;
    const step = afterTicEnergy(indexes.get(label) ?? NO_TIC_INDEX, { wh, section, atMono }, limitVa);
    indexes.set(label, step.index);
    return step.wh;
  };
  /**
   * The historic mode has no total: it is the sum of all indexes of the tariff option, each confirmed for the same undamaged part of a
   * frame.
   */
  const sum = (): [string, number][] => {
    if (option?.isSure !== true) return [];
    const labels = historicIndexes(option.value);
    const parts = labels.flatMap((label) => indexes.get(label)?.confirmed ?? []);
    const isWhole = parts.length === labels.length && parts.every((part) => part.section === parts[0]?.section);
    return isWhole
      ? kwh(
          '',
          parts.reduce((all, { wh }) => all + wh, 0),
        )
      : [];
  };
  return (frame, limitVa) => {
    const { groups } = frame;
    const optarif = groups.get('OPTARIF');
    if (optarif != null) option = { value: optarif, isSure: option?.value === optarif };
    const total = groups.get('EAST');
    // The utility can change the mode of a Linky.
    if (total != null) option = null;
    const tariffs = [...groups].flatMap(([label, wh]) => {
      const tariff = tariffOf(label);
      const confirmed = tariff === undefined || wh === null ? null : confirm(label, wh, frame, limitVa);
      return confirmed === null ? [] : kwh(`_t${tariff}`, confirmed);
    });
    const confirmed = total == null ? null : confirm('EAST', total, frame, limitVa);
    const all = confirmed !== null ? kwh('', confirmed) : total == null && tariffs.length > 0 ? sum() : [];
    return Object.fromEntries([...tariffs, ...all]);
  };
}

/** The total that continues over a replaced meter, and the number of the invoice. Units: Wh in, kWh out. */
function kwh(suffix: string, wh: number): [string, number][] {
  return [
    [`energy${suffix}`, wh / 1_000],
    [`index${suffix}`, wh / 1_000],
  ];
}
