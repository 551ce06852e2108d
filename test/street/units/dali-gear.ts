/**
 * One DALI gear: levels with fades, groups, settings, transfer registers and memory banks with a latch.
 *
 * Source: IEC 62386-102 as the driver's modules cite it; DiiA parts 251 to 253 for the banks.
 */
import type { Clock, MonoMs } from '../../../agent/core/clock.ts';
import type { DaliMeaning } from '../../../drivers/dali/dali-commands.ts';
import { daliFadeMs } from '../../../drivers/dali-fade.ts';

const LOCK = { location: 2, latched: 0xaa } as const;
/** A configuration command counts only if it comes twice within this time. Units: ms. */
const TWICE_MS = 100;
const YES = 0xff;

export interface DaliGearOptions {
  readonly shortAddress: number;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Null for a type that does not answer type 6 queries. */
  readonly deviceType?: number;
  /** Memory banks: each a list of bytes from location 0. */
  readonly banks?: ReadonlyMap<number, number[]>;
  /** Without it, writing AA to the lock byte has no effect and no answer. */
  readonly hasLatch?: boolean;
}

export class DaliGear {
  readonly shortAddress: number;
  readonly banks: Map<number, number[]>;
  /** Bits of QUERY STATUS that the test sets; lamp on and fade running are added. */
  statusBits = 0;
  /** Answer to QUERY FAILURE STATUS of device type 6. */
  ledFailures = 0;
  groups = 0;
  readonly settings = { maxLevel: 254, minLevel: 1, failure: 254, powerOn: 254, fadeTime: 0, fadeRate: 7, extendedFade: 0 };
  /** It has no power: it receives nothing. */
  isDead = false;
  /** So many next frames are lost on the way to it. */
  missFrames = 0;
  readonly #clock: Pick<Clock, 'monoMs'>;
  readonly #hasLatch: boolean;
  readonly #deviceType: number;
  #dtr = { dtr0: 0, dtr1: 0 };
  #enabledType = 0;
  #isWriteEnabled = false;
  #latches = new Map<number, readonly number[]>();
  #last: { readonly opcode: number; readonly atMono: MonoMs } | null = null;
  #fade = { from: 254, to: 254, startMono: 0, ms: 0 };

  constructor({ shortAddress, clock, deviceType = 6, banks = new Map(), hasLatch = true }: DaliGearOptions) {
    this.shortAddress = shortAddress;
    this.banks = new Map(banks);
    this.#clock = clock;
    this.#hasLatch = hasLatch;
    this.#deviceType = deviceType;
  }

  get level(): number {
    const { from, to, startMono, ms } = this.#fade;
    const share = ms === 0 ? 1 : Math.min(1, (this.#clock.monoMs() - startMono) / ms);
    return Math.round(from + (to - from) * share);
  }

  /** The level that it fades to, or has. */
  get target(): number {
    return this.#fade.to;
  }

  powerUp(): void {
    this.isDead = false;
    this.statusBits |= 0x80;
    this.#dtr = { dtr0: 0, dtr1: 0 };
    this.#latches = new Map();
    this.#isWriteEnabled = false;
    this.#jump(this.settings.powerOn);
  }

  /** Without power on the bus the system failure level applies. */
  busFailed(): void {
    if (!this.isDead && this.settings.failure <= 254) this.#jump(this.settings.failure);
  }

  /** Executes a frame at the time of its end. Returns the answer; null for none. */
  receive(meaning: DaliMeaning): number | null {
    if (this.isDead) return null;
    if (this.missFrames > 0) {
      this.missFrames--;
      return null;
    }
    if (meaning.kind === 'special') return this.#special(meaning.name, meaning.value);
    if (!this.#isMeant(meaning.target)) return null;
    const type = this.#enabledType;
    this.#enabledType = 0;
    if (meaning.kind === 'level') {
      this.#isWriteEnabled = false;
      this.#setLevel(meaning.level);
      return null;
    }
    return this.#command(meaning.opcode, type);
  }

  #isMeant(target: Exclude<DaliMeaning, { kind: 'special' }>['target']): boolean {
    if (target === 'all') return true;
    return 'gear' in target ? target.gear === this.shortAddress : ((this.groups >> target.group) & 1) === 1;
  }

  #special(name: (DaliMeaning & { kind: 'special' })['name'], value: number): number | null {
    if (name === 'dtr0' || name === 'dtr1') this.#dtr[name] = value;
    else if (name === 'enableDeviceType') {
      this.#enabledType = value;
      this.#isWriteEnabled = false;
    } else {
      const written = this.#writeMemory(value);
      return name === 'writeMemory' ? written : null;
    }
    return null;
  }

  #writeMemory(value: number): number | null {
    const { dtr0, dtr1 } = this.#dtr;
    const bank = this.banks.get(dtr1);
    if (!this.#isWriteEnabled || bank === undefined) return null;
    this.#dtr.dtr0 = Math.min(0xff, dtr0 + 1);
    if (dtr0 !== LOCK.location || !this.#hasLatch) return null;
    if (value === LOCK.latched && bank[LOCK.location] !== LOCK.latched) this.#latches.set(dtr1, [...bank]);
    if (value !== LOCK.latched) this.#latches.delete(dtr1);
    bank[LOCK.location] = value;
    return value;
  }

  #setLevel(level: number): void {
    if (level > 254) return;
    const { minLevel, maxLevel, fadeTime } = this.settings;
    const to = level === 0 ? 0 : Math.min(maxLevel, Math.max(minLevel, level));
    this.#fade = { from: this.level, to, startMono: this.#clock.monoMs(), ms: daliFadeMs(fadeTime) };
    this.statusBits &= ~0xa0;
  }

  #jump(level: number): void {
    this.#fade = { from: level, to: level, startMono: 0, ms: 0 };
  }

  #command(opcode: number, type: number): number | null {
    const isSecond = this.#last?.opcode === opcode && this.#clock.monoMs() - this.#last.atMono <= TWICE_MS;
    this.#last = isSecond ? null : { opcode, atMono: this.#clock.monoMs() };
    const touchesMemory = opcode === 0x81 || opcode === 0x98 || opcode === 0x9c;
    if (!touchesMemory) this.#isWriteEnabled = false;
    if (opcode < 0x90) {
      if (isSecond) this.#configure(opcode);
      return null;
    }
    if (opcode >= 0xe0) return type === this.#deviceType && opcode === 0xf1 ? this.ledFailures : null;
    return opcode === 0xc5 ? this.#readMemory() : this.#query(opcode);
  }

  #configure(opcode: number): void {
    const { dtr0 } = this.#dtr;
    const { settings } = this;
    if (opcode === 0x2c) settings.failure = dtr0;
    else if (opcode === 0x2d) settings.powerOn = dtr0;
    else if (opcode === 0x2e) settings.fadeTime = Math.min(15, dtr0);
    else if (opcode === 0x2f) settings.fadeRate = Math.min(15, dtr0);
    else if (opcode === 0x81) this.#isWriteEnabled = true;
    else if (opcode >= 0x60 && opcode <= 0x6f) this.groups |= 1 << (opcode - 0x60);
    else if (opcode >= 0x70 && opcode <= 0x7f) this.groups &= ~(1 << (opcode - 0x70));
  }

  #query(opcode: number): number | null {
    const { settings, groups } = this;
    const isFading = this.level !== this.target;
    const answers: Readonly<Record<number, number>> = {
      144: (this.statusBits & 0xeb) | (this.level > 0 ? 4 : 0) | (isFading ? 0x10 : 0),
      145: YES,
      152: this.#dtr.dtr0,
      153: this.#deviceType,
      156: this.#dtr.dtr1,
      160: (this.statusBits & 2) === 2 ? 0xff : this.level,
      161: settings.maxLevel,
      162: settings.minLevel,
      163: settings.powerOn,
      164: settings.failure,
      165: settings.fadeTime * 16 + settings.fadeRate,
      168: settings.extendedFade,
      192: groups & 0xff,
      193: groups >> 8,
    };
    return answers[opcode] ?? null;
  }

  #readMemory(): number | null {
    const { dtr0, dtr1 } = this.#dtr;
    const bank = this.banks.get(dtr1);
    if (bank === undefined) return null;
    this.#dtr.dtr0 = Math.min(0xff, dtr0 + 1);
    const latched = dtr0 === LOCK.location ? undefined : this.#latches.get(dtr1);
    return (latched ?? bank)[dtr0] ?? null;
  }
}

/** The values of a D4i driver of a test. Units: by suffix. */
export interface D4iState {
  readonly energyWh: number;
  readonly powerW: number;
  readonly onS: number;
  readonly temperatureC: number;
  /** Locations of failure flags that are set: `205:15`, `206:26`. */
  readonly failures: readonly string[];
}

/** The memory banks of a D4i driver: 1, and 202 to 207, with these values. Energy and power have the power of ten -1. */
export function d4iBanks({ energyWh, powerW, onS, temperatureC, failures }: D4iState): Map<number, number[]> {
  const energy = (): number[] => [0x0f, 0, 0xff, 1, 0xff, ...bytes(energyWh * 10, 6), 0xff, ...bytes(powerW * 10, 4)];
  const flagsFrom = (bank: number, from: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => (i % 2 === 0 && failures.includes(`${bank}:${from + i}`) ? 1 : 0));
  const driver = [0x1c, 0, 0xff, 1, ...bytes(onS, 4), ...bytes(7, 3), ...bytes(2_305, 2), 50, 95];
  const lamp = [0x20, 0, 0xff, 1, ...bytes(3, 3), ...bytes(9, 3), ...bytes(60, 4), ...bytes(onS, 4), ...bytes(1_200, 2), ...bytes(350, 2)];
  const luminaire = [
    0x77,
    0,
    0xff,
    ...bytes(0, 16),
    26,
    12,
    ...bytes(60, 2),
    ...bytes(8, 2),
    ...bytes(198, 2),
    ...bytes(264, 2),
    ...bytes(7_500, 3),
    70,
    ...bytes(3_000, 2),
    3,
  ];
  return new Map([
    [0, [0x19, 0, 207, ...bytes(0, 23)]],
    [1, luminaire],
    [202, energy()],
    [203, energy()],
    [204, energy()],
    [205, [...driver, ...flagsFrom(205, 0x0f, 12), temperatureC + 60, 95]],
    [206, [...lamp, ...flagsFrom(206, 0x16, 10), temperatureC + 60]],
    [207, [0x07, 0, 0xff, 1, 100, 145, ...bytes(500, 2)]],
  ]);
}

/** Sets the failure flags of a gear as a driver would, at once. */
export function setFailure(gear: DaliGear, bank: number, location: number, value: 0 | 1): void {
  const bytesOfBank = gear.banks.get(bank);
  if (bytesOfBank !== undefined) bytesOfBank[location] = value;
}

function bytes(value: number, count: number): number[] {
  let rest = Math.round(value);
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    out.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  }
  return out;
}
