/**
 * A Sensirion SPS30 that sleeps until it is woken, measures when it is started, and answers only when asked.
 *
 * Source: Sensirion/embedded-uart-sps.
 */
export interface SimSps30 {
  receive(bytes: Buffer): void;
  /** It sleeps again, as after a cut of its supply. */
  powerUp(): void;
  readonly state: 'asleep' | 'idle' | 'measuring';
  /** Received commands, by number. */
  readonly commands: readonly number[];
  /** The ten floats of its next reply, set by the test; empty: no new sample. */
  sample: readonly number[];
}

const FLAG = 0x7e;
const [START, READ, WAKE] = [0x00, 0x03, 0x11];
const NOT_NOW = 0x43;
const STUFFED: Readonly<Record<number, readonly number[]>> = { 126: [0x7d, 0x5e], 125: [0x7d, 0x5d], 17: [0x7d, 0x31], 19: [0x7d, 0x33] };

/** A sleeping sensor. `send` gets each reply frame. */
export function createSps30(send: (bytes: Buffer) => void): SimSps30 {
  let state: SimSps30['state'] = 'asleep';
  let pending: number[] = [];
  const commands: number[] = [];
  const unit: SimSps30 = {
    sample: [],
    commands,
    get state() {
      return state;
    },
    powerUp() {
      state = 'asleep';
    },
    receive(bytes) {
      for (const byte of bytes) {
        if (byte !== FLAG) {
          pending.push(byte);
          continue;
        }
        if (pending.length >= 4) execute(plain(pending));
        pending = [];
      }
    },
  };
  return unit;

  function execute([, code = -1]: readonly number[]): void {
    if (state === 'asleep' && code !== WAKE) return;
    commands.push(code);
    if (code === WAKE) state = 'idle';
    else if (code === START && state === 'idle') state = 'measuring';
    else if (state !== 'measuring' || code !== READ) {
      send(shdlcFrame(code, NOT_NOW));
      return;
    }
    send(shdlcFrame(code, 0, code === READ ? floats(unit.sample) : []));
  }
}

/** A complete reply frame: with checksum, byte stuffing and flags. `state` is its status byte; 0 is no error. */
export function shdlcFrame(command: number, state: number, data: readonly number[] = []): Buffer {
  const content = [0, command, state, data.length, ...data];
  const sum = content.reduce((all, byte) => all + byte, 0);
  return Buffer.from([FLAG, ...[...content, 255 - (sum % 256)].flatMap((byte) => STUFFED[byte] ?? [byte]), FLAG]);
}

/** The values as 32-bit floats, big-endian: four bytes each. */
export function floats(values: readonly number[]): number[] {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeFloatBE(value, 4 * i);
  });
  return [...bytes];
}

function plain(stuffed: readonly number[]): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < stuffed.length; i++) {
    if (stuffed[i] !== 0x7d) bytes.push(stuffed[i] as number);
    else bytes.push((stuffed[++i] as number) ^ 0x20);
  }
  return bytes;
}
