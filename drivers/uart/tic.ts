/**
 * The customer output (TIC) of the electricity meters of France, in both modes. It is only read: nothing is ever sent to the meter.
 *
 * The values of one frame of the meter are reported together. Energy counts once later frames agree (`tic-energy.ts`); other values have
 * passed form, parity and checksum.
 * Source: Enedis-NOI-CPT_54E and Enedis-NOI-CPT_02E.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { MonoMs } from '../../agent/core/clock.ts';
import type { FrameCodec, FrameCollector, FrameValues } from './frame-codec.ts';
import { MAX_TIC_BYTES, ticGroupAt } from './tic-groups.ts';
import { afterLoad, type LoadState, subscribedVa, type TicGroups, ticPoints } from './tic-points.ts';
import { createTicTotals, type ReceivedFrame } from './tic-totals.ts';

/** 7 bits with even parity, read as 8 bits. */
const READ_AS: Omit<SerialSettings, 'baud'> = { parity: 'none', stopBits: 1, dataBits: 8 };
/** A notice is over after so many frames without it. Source: assumed; a damaged group must not end a notice. Confirmed by: a day with a notice on a meter in service. */
const NOTICE_FRAMES = 5;

/** The protocol of the customer output (TIC) of French electricity meters, in both modes. Nothing is sent to the meter. */
export const TIC: FrameCodec = {
  maxFrameBytes: MAX_TIC_BYTES,
  /** Units: ms. Source: a frame takes 1 to 2 s; the number of frames is assumed. Confirmed by: a day of frames of a meter in service. */
  silenceMs: 15_000,
  listens: {
    serials: [
      { baud: 9_600, ...READ_AS },
      { baud: 1_200, ...READ_AS },
    ],
    /** Units: ms. Source: a frame takes 1 to 2 s and its groups follow each other without pause; the two frames are assumed. Confirmed by: the time to the first values on a meter in service. */
    trialMs: 4_000,
  },
  parse: ticGroupAt,
  collector: createTicCollector,
};

/** Creates what combines the groups of one meter. */
function createTicCollector(): FrameCollector {
  const state = createTicState();
  let groups = new Map<string, number | null>();
  let sections = new Map<string, number>();
  let section = 0;
  let groupMono: MonoMs = 0;
  const ended = (): FrameValues => {
    const values = state.after({ groups, sections, atMono: groupMono });
    [groups, sections] = [new Map(), new Map()];
    section++;
    return values;
  };
  return ({ values, isFirst, isLast }, { atMono, isAfterNoise }) => {
    const [[label, value] = ['', null]] = Object.entries(values ?? {});
    // Where the end of a frame was damaged, the next frame begins with its first group or with a label that is already there.
    const before = groups.size > 0 && (isFirst === true || groups.has(label)) ? ended() : null;
    if (isAfterNoise) section++;
    groups.set(label, value);
    sections.set(label, section);
    groupMono = atMono;
    if (isLast !== true) return before;
    const after = ended();
    return before === null ? after : { ...before, ...after };
  };
}

/** What is known of a meter over several frames. */
function createTicState() {
  const totals = createTicTotals();
  let subscribed: { readonly va: number; readonly isSure: boolean } | null = null;
  let load: LoadState = 0;
  let framesWithoutNotice = 0;

  const limitVa = (): number | null => (subscribed?.isSure === true ? subscribed.va : null);
  const power = (groups: TicGroups): FrameValues => {
    const va = subscribedVa(groups);
    if (va !== null) subscribed = { va, isSure: subscribed?.va === va };
    const limit = limitVa();
    const apparent = groups.get('SINSTS') ?? groups.get('PAPP') ?? null;
    if (limit === null) return {};
    if (apparent === null) return { subscribed: limit / 1_000 };
    const loadPct = (100 * apparent) / limit;
    load = afterLoad(load, loadPct);
    return { subscribed: limit / 1_000, load: loadPct, load_state: load };
  };
  /** Only the historic mode has a group for it, and only while there is a notice. */
  const notice = (groups: TicGroups): FrameValues => {
    if (!groups.has('PTEC')) return {};
    framesWithoutNotice = groups.has('PEJP') ? 0 : framesWithoutNotice + 1;
    if (framesWithoutNotice === 0) return { peak_notice: 1 };
    return framesWithoutNotice >= NOTICE_FRAMES ? { peak_notice: 0 } : {};
  };
  return {
    /** Returns the values after one more frame of the meter. */
    after(frame: ReceivedFrame): FrameValues {
      const { groups } = frame;
      return { ...ticPoints(groups), ...power(groups), ...notice(groups), ...totals(frame, limitVa()) };
    },
  };
}
