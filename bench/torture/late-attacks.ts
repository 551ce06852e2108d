/**
 * What the attacker does: storms of everything at once or of one kind, and single events on a healthy line.
 *
 * Pure but for the wire it is handed. The choices come from the seed.
 */
import type { Random } from '../../test/street/random.ts';
import { type AttackedWire, type Fate, UNHARMED } from './late-wire.ts';

/** How strong an attack is: for each kind of fault the chance that it hits a reply, 0 to 1. */
export interface Strength {
  readonly late: number;
  readonly lost: number;
  readonly copied: number;
  readonly burst: number;
  readonly noisy: number;
  /** Chance at each read that the queue of a unit slips. */
  readonly shift: number;
}

const NONE: Strength = { late: 0, lost: 0, copied: 0, burst: 0, noisy: 0, shift: 0 };

export const LATE_ATTACKS: readonly Strength[] = [
  { late: 0.15, lost: 0.05, copied: 0.2, burst: 0.03, noisy: 0.1, shift: 0.01 },
  { ...NONE, late: 0.2 },
  { ...NONE, late: 0.03 },
  { ...NONE, copied: 1 },
  { ...NONE, copied: 0.1 },
  { ...NONE, burst: 0.1, lost: 0.1 },
  { ...NONE, shift: 0.02 },
  { ...NONE, lost: 0.1, noisy: 0.3, late: 0.02, copied: 0.02 },
];
const UNITS = [1, 2, 3, 4, 5, 10];
/** A shifted queue comes right again with this chance at each read. */
const RIGHTED = 0.03;
const MOST_NOISE_BYTES = 20;

/**
 * Sets what happens to the replies on this wire until the next call, at random with these chances. `shifted` may gain a unit, or be
 * cleared.
 */
export function stormOf(strength: Strength, wire: AttackedWire, random: Random): void {
  wire.fate = () => fateOf(strength, random);
  if (random() < RIGHTED) wire.shifted.clear();
  if (random() < strength.shift) wire.shifted.add(UNITS[Math.floor(random() * UNITS.length)] as number);
}

/** Arranges one random fault for the next reply on this wire: late, copied, or preceded by an old reply. Later replies are unharmed. */
export function oneEvent(wire: AttackedWire, random: Random): void {
  const kind = Math.floor(random() * 4);
  if (kind === 0) once(wire, { ...UNHARMED, lateMs: delayMs(random) });
  else if (kind === 1) once(wire, { ...UNHARMED, copiesMs: [8 + delayMs(random)] });
  else wire.ambush = kind === 2 ? 'follows' : 'lost';
}

function once(wire: AttackedWire, fate: Fate): void {
  wire.fate = () => {
    wire.fate = () => UNHARMED;
    return fate;
  };
}

function fateOf({ late, lost, copied, burst, noisy }: Strength, random: Random): Fate {
  const lateMs = random() < lost ? null : random() < late ? delayMs(random) : 0;
  const copiesMs = random() < copied ? [8 + (random() < 0.5 ? 30 * random() : delayMs(random))] : [];
  if (random() < burst) for (let i = 0; i < 6; i++) copiesMs.push(8 * (i + 1) + 40 * random());
  const noise =
    random() < noisy ? Buffer.from(Array.from({ length: 1 + random() * MOST_NOISE_BYTES }, () => 256 * random())) : UNHARMED.noise;
  return { lateMs, copiesMs, noise };
}

/** From 0 to 60 s, as many in the first fifth of a second as in the rest. Units: ms. */
function delayMs(random: Random): number {
  const scale = random();
  return random() * (scale < 0.5 ? 200 : scale < 0.75 ? 5_000 : 60_000);
}
