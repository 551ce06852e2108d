/**
 * An electricity utility's meter that sends frame after frame on its customer output, each byte at its time on the wire.
 *
 * It receives nothing. Source: Enedis-NOI-CPT_54E and Enedis-NOI-CPT_02E.
 */
import type { Clock, MonoMs, Timer } from '../../../agent/core/clock.ts';
import { type TicGroup, ticFrame } from './tic-frame.ts';

/** What the meter shows; the test or the demo changes it. */
export interface TicState {
  /** Indexes by tariff period, from the first one on. Units: Wh. */
  indexWh: number[];
  /** The tariff period that counts, from 1. */
  tariff: number;
  /** Units: VA. */
  apparentVa: number;
  /** Units: kVA. */
  subscribedKva: number;
  /** 0 no colour, 1 blue, 2 white, 3 red. */
  colour: number;
  colourTomorrow: number;
  /** 0 none, 1 to 3. */
  peakNotice: number;
  peak: number;
  /** Bit by relay. */
  relays: number;
  /** How far the meter's clock is ahead of true time. Units: ms. */
  clockAheadMs: number;
}

export interface TicMeterOptions {
  readonly mode: 'standard' | 'historic';
  readonly clock: Clock;
  /** Receives the bytes at their time on the wire. */
  readonly send: (bytes: Buffer) => void;
  /** Bytes come in pieces of so many, as an adapter delivers them. Default: 1. */
  readonly chunkBytes?: number;
  /** The power that the meter measures, computed when it is read. Default: `apparentVa` of the state. Units: W. */
  readonly powerW?: () => number;
}

/** 7E1: start, 7 data bits, parity, stop. */
const BITS_PER_BYTE = 10;
const BAUD = { standard: 9_600, historic: 1_200 };
/** Units: ms. Source: CPT_54E, 16.7 to 33.4 ms between two frames. */
const GAP_MS = 25;
const MS_PER_HOUR = 3_600_000;

export interface TicMeter {
  readonly state: TicState;
  readonly baud: number;
  start(): void;
  stop(): void;
  /** The frame that the meter would send now. */
  frame(): Buffer;
}

/** A silent meter of a street-lighting contract, two-tariff, 12 kVA. It counts the energy of its power from its start on. */
export function createTicMeter({ mode, clock, send, chunkBytes = 1, powerW }: TicMeterOptions): TicMeter {
  const state: TicState = {
    ...{ indexWh: [4_210_345, 9_876_120], tariff: 1, apparentVa: 2_140, subscribedKva: 12, colour: 0, colourTomorrow: 0 },
    ...{ peakNotice: 0, peak: 0, relays: 0, clockAheadMs: 0 },
  };
  let timer: Timer | undefined;
  let countedMono: MonoMs = clock.monoMs();
  let partWh = 0;

  const count = (): void => {
    const nowMono = clock.monoMs();
    if (powerW !== undefined) state.apparentVa = Math.round(powerW());
    partWh += ((powerW?.() ?? state.apparentVa) * (nowMono - countedMono)) / MS_PER_HOUR;
    countedMono = nowMono;
    const whole = Math.floor(partWh);
    partWh -= whole;
    state.indexWh[state.tariff - 1] = (state.indexWh[state.tariff - 1] ?? 0) + whole;
  };
  const frame = (): Buffer => {
    count();
    return ticFrame(mode, mode === 'standard' ? standardGroups(state, clock.wallMs()) : historicGroups(state));
  };
  const byteMs = (1_000 * BITS_PER_BYTE) / BAUD[mode];
  const sendFrom = (bytes: Buffer, at: number, startMono: MonoMs): void => {
    const piece = bytes.subarray(at, at + chunkBytes);
    const dueMono = startMono + (at + piece.length) * byteMs;
    timer = clock.after(Math.max(0, dueMono - clock.monoMs()), () => {
      send(piece);
      const next = at + chunkBytes;
      if (next < bytes.length) sendFrom(bytes, next, startMono);
      else timer = clock.after(GAP_MS, () => sendFrom(frame(), 0, clock.monoMs()));
    });
  };
  return {
    state,
    baud: BAUD[mode],
    frame,
    start() {
      timer?.cancel();
      countedMono = clock.monoMs();
      sendFrom(frame(), 0, clock.monoMs());
    },
    stop: () => timer?.cancel(),
  };
}

function standardGroups(state: TicState, nowMs: number): TicGroup[] {
  const { indexWh, apparentVa, subscribedKva, tariff } = state;
  const indexes = Array.from({ length: 10 }, (_, i): TicGroup => [`EASF${padded(i + 1, 2)}`, padded(indexWh[i] ?? 0, 9)]);
  const total = indexWh.reduce((sum, wh) => sum + wh, 0);
  return [
    ['ADSC', '041876097528'],
    ['VTIC', '02'],
    ['DATE', ticTime(nowMs + state.clockAheadMs), ''],
    ['NGTF', '     TEMPO      '],
    ['LTARF', '  TARIF DE NUIT '],
    ['EAST', padded(total, 9)],
    ...indexes,
    ['EASD01', padded(total, 9)],
    ['IRMS1', padded(apparentVa / 230, 3)],
    ['URMS1', '231'],
    ['PREF', padded(subscribedKva, 2)],
    ['PCOUP', padded(subscribedKva, 2)],
    ['SINSTS', padded(apparentVa, 5)],
    ['SMAXSN', ticTime(nowMs), padded(apparentVa, 5)],
    ['CCASN', ticTime(nowMs), padded(apparentVa, 5)],
    ['UMOY1', ticTime(nowMs), '231'],
    ['STGE', statusText(state)],
    ['MSG1', 'PAS DE          MESSAGE         '],
    ['PRM', '12345678901234'],
    ['RELAIS', padded(state.relays, 3)],
    ['NTARF', padded(tariff, 2)],
    ['NJOURF', '00'],
    ['NJOURF+1', '00'],
    ['PJOURF+1', `00004001 06004002 ${Array.from({ length: 9 }, () => 'NONUTILE').join(' ')}`.slice(0, 98)],
  ];
}

/** STGE: bit 0 the dry contact is open, 10 to 13 the tariff from 0, 17 standard mode, 24 and up colours and peaks. */
function statusText({ tariff, colour, colourTomorrow, peakNotice, peak }: TicState): string {
  const status = 1 + (tariff - 1) * 2 ** 10 + 2 ** 17 + colour * 2 ** 24 + colourTomorrow * 2 ** 26 + peakNotice * 2 ** 28 + peak * 2 ** 30;
  return status.toString(16).toUpperCase().padStart(8, '0');
}

function historicGroups({ indexWh, apparentVa, subscribedKva, tariff }: TicState): TicGroup[] {
  return [
    ['ADCO', '041876097528'],
    ['OPTARIF', 'HC..'],
    ['ISOUSC', padded(subscribedKva * 5, 2)],
    ['HCHC', padded(indexWh[0] ?? 0, 9)],
    ['HCHP', padded(indexWh[1] ?? 0, 9)],
    ['PTEC', tariff === 1 ? 'HC..' : 'HP..'],
    ['IINST', padded(apparentVa / 230, 3)],
    ['IMAX', '090'],
    ['PAPP', padded(apparentVa, 5)],
    ['HHPHC', 'A'],
    ['MOTDETAT', '000000'],
  ];
}

/** The time of the meter: E and two hours in summer, H and one hour in winter. The season is that of the date alone, without its last days. */
function ticTime(atMs: number): string {
  const month = new Date(atMs).getUTCMonth() + 1;
  const isSummer = month >= 4 && month <= 10;
  const text = new Date(atMs + (isSummer ? 2 : 1) * MS_PER_HOUR).toISOString().replace(/\D/g, '');
  return `${isSummer ? 'E' : 'H'}${text.slice(2, 14)}`;
}

function padded(value: number, digits: number): string {
  return String(Math.round(value)).padStart(digits, '0');
}
