/**
 * Frames of the DFPlayer Mini and of other MP3 modules with a YX5200 class chip.
 *
 * Pure. A frame counts only with its head, version, length, checksum and end. Writes request an acknowledgement.
 * Source: DFRobot, DFPlayer Mini manual (frame, commands, reports). For the medium in the card slot the manual and the programs in use
 * disagree: the manual gives 0x47 and 0x4B, DFRobot's own Arduino library 0x48 and 0x4C. The library is used here.
 */
import type { UartWrite } from '../../agent/core/driver.ts';
import { msg, NO_TEXT } from '../../agent/core/message.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { FILES_PER_FOLDER, PLAYER_ERROR, PLAYER_POINTS, PLAYER_STATE } from '../../agent/core/sound-config.ts';
import { type FrameCodec, headAt, type UartFrame } from './frame-codec.ts';

/** Start, version, and the number of bytes up to the checksum. */
const HEAD = [0x7e, 0xff, 0x06];
const END = 0xef;
const FRAME_BYTES = 10;
const COMMAND_AT = 3;
const PARAMETER_AT = 5;
const SUM_AT = 7;

const SET = { track: 0x03, volume: 0x06, source: 0x09, play: 0x0d, pause: 0x0e, file: 0x0f, stop: 0x16 };
const QUERY = { state: 0x42, volume: 0x43, files: 0x48, track: 0x4c };
const REPORT = { inserted: 0x3a, removed: 0x3b, finished: 0x3d, ready: 0x3f, error: 0x40, accepted: 0x41 };
/** The medium in the card slot, as value of SET.source, REPORT.inserted and REPORT.removed, and as bit of REPORT.ready. */
const CARD = 2;
/** Volume of the module; the point has percent, so that no profile can change its meaning. */
const MAX_RAW_VOLUME = 30;
const LIMITS = { track: [1, 2_999], folder: [1, 99], file: [1, 255] } as const;
/**
 * Error codes that say that the frame or the moment was wrong, so that the same frame may be accepted later. Source: the manual has 0 to 2,
 * the library 1 to 4, for busy, asleep, incomplete and wrong checksum.
 */
const MAX_BUSY_CODE = 4;
/** Source: DFRobot's Arduino library: number out of range, file not found. */
const NO_SUCH_FILE = [5, 6];

/** Returns the complete frame of a command. `parameter`: 16 bits. `isConfirmed`: it requests an acknowledgement from the module. */
export function dfplayerFrame(command: number, parameter: number, isConfirmed = true): Buffer {
  const frame = Buffer.from([...HEAD, command, isConfirmed ? 1 : 0, parameter >> 8, parameter & 0xff, 0, 0, END]);
  frame.writeUInt16BE(sumOf(frame), SUM_AT);
  return frame;
}

/** The 16-bit sum of the bytes after the start, negated. */
function sumOf(frame: Buffer): number {
  const sum = frame.subarray(1, SUM_AT).reduce((all, byte) => all + byte, 0);
  return -sum & 0xffff;
}

const ask = (command: number): Buffer => dfplayerFrame(command, 0, false);

/**
 * The protocol of the MP3 module DFPlayer Mini. A frame reports only some of the values. Units: `volume` in % of the module's range.
 */
export const DFPLAYER: FrameCodec = {
  maxFrameBytes: FRAME_BYTES,
  /** Units: ms. Source: assumed; ten polls without an answer. Confirmed by: a day of answers of a module that plays. */
  silenceMs: 5_000,
  init: [dfplayerFrame(SET.source, CARD)],
  /** The state in every second request. Units: ms. Source: assumed; programs in use wait at least 100 ms between frames. Confirmed by: a day of polls of a module that plays, by ear. */
  poll: {
    bytes: ask(QUERY.state),
    others: [QUERY.volume, QUERY.state, QUERY.track, QUERY.state, QUERY.files].map(ask),
    everyMs: 500,
  },
  // A frame has only some of the values; the others are unchanged.
  collector:
    () =>
    ({ values }) =>
      values,
  parse(bytes, at) {
    const head = headAt(bytes, at, HEAD);
    if (head !== 'yes') return head;
    if (at + FRAME_BYTES > bytes.length) return 'more';
    const frame = bytes.subarray(at, at + FRAME_BYTES);
    if (frame[FRAME_BYTES - 1] !== END || frame.readUInt16BE(SUM_AT) !== sumOf(frame)) return 'no';
    return { lengthBytes: FRAME_BYTES, ...contentOf(frame.readUInt8(COMMAND_AT), frame.readUInt16BE(PARAMETER_AT)) };
  },
  write: writeOf,
};

type Content = Omit<UartFrame, 'lengthBytes'>;

function contentOf(command: number, parameter: number): Content {
  switch (command) {
    case QUERY.state:
      return stateOf(parameter);
    case QUERY.volume:
      return { values: { volume: volumePct(parameter) } };
    case QUERY.track:
      return { values: { track: parameter } };
    case QUERY.files:
      return { values: { files: parameter } };
    case REPORT.finished:
      return { values: { finished: parameter, state: PLAYER_STATE.stopped } };
    case REPORT.removed:
      return parameter === CARD ? { values: { files: 0, state: PLAYER_STATE.stopped } } : { values: null };
    case REPORT.ready:
      return { values: { state: PLAYER_STATE.stopped, ...((parameter & CARD) === 0 ? { files: 0 } : {}) } };
    case REPORT.accepted:
      return { values: null, reply: { kind: 'accepted', reason: NO_TEXT } };
    case REPORT.error:
      return errorOf(parameter);
    default:
      return { values: null };
  }
}

/** The upper byte is the medium. A state that the manual does not have is no value. */
function stateOf(parameter: number): Content {
  const state = parameter & 0xff;
  return { values: { state: Object.values(PLAYER_STATE).some((known) => known === state) ? state : null } };
}

function volumePct(raw: number): number | null {
  return raw > MAX_RAW_VOLUME ? null : Math.round((raw * 100) / MAX_RAW_VOLUME);
}

function errorOf(code: number): Content {
  if (NO_SUCH_FILE.includes(code)) {
    const reason = msg`the player has no such track, check the files on its card`;
    return { values: { error: PLAYER_ERROR.noSuchTrack }, reply: { kind: 'refused', reason } };
  }
  if (code <= MAX_BUSY_CODE) {
    const reason = msg`the player was busy or did not understand (code ${code}), check its card and wiring`;
    return { values: { error: PLAYER_ERROR.busy }, reply: { kind: 'busy', reason } };
  }
  const reason = msg`the player reports error ${code}, check its card and its supply`;
  return { values: { error: PLAYER_ERROR.other }, reply: { kind: 'refused', reason } };
}

/** Never louder than requested: the volume is rounded down to a step of the module. */
function writeOf(quantity: string, value: number): UartWrite | Refusal {
  const stateProof = (state: number): UartWrite['proof'] => ({ request: ask(QUERY.state), quantity: PLAYER_POINTS.state, value: state });
  const starts = { ...stateProof(PLAYER_STATE.playing), orAny: PLAYER_POINTS.finished };
  switch (quantity) {
    case PLAYER_POINTS.track:
      return isWithin(value, LIMITS.track) ? { bytes: dfplayerFrame(SET.track, value), proof: starts } : misfit(quantity, value);
    case PLAYER_POINTS.file: {
      const [folder, file] = [Math.floor(value / FILES_PER_FOLDER), value % FILES_PER_FOLDER];
      const fits = isWithin(folder, LIMITS.folder) && isWithin(file, LIMITS.file);
      return fits ? { bytes: dfplayerFrame(SET.file, (folder << 8) | file), proof: starts } : misfit(quantity, value);
    }
    case PLAYER_POINTS.volume: {
      if (!(value >= 0 && value <= 100)) return misfit(quantity, value);
      const raw = Math.floor((value * MAX_RAW_VOLUME) / 100);
      const proof = { request: ask(QUERY.volume), quantity: PLAYER_POINTS.volume, value: volumePct(raw) ?? 0 };
      return { bytes: dfplayerFrame(SET.volume, raw), proof };
    }
    case PLAYER_POINTS.state: {
      const command = { [PLAYER_STATE.stopped]: SET.stop, [PLAYER_STATE.playing]: SET.play, [PLAYER_STATE.paused]: SET.pause }[value];
      return command === undefined ? misfit(quantity, value) : { bytes: dfplayerFrame(command, 0), proof: stateProof(value) };
    }
    default:
      return new Refusal(msg`${quantity} of the player cannot be written`);
  }
}

function isWithin(value: number, [min, max]: readonly [number, number]): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function misfit(quantity: string, value: number): Refusal {
  return new Refusal(msg`${value} is no value for ${quantity} of the player`);
}
