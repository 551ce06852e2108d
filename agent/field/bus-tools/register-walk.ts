/**
 * Finds the registers of an unknown unit with few requests.
 *
 * Pure: state and answer in, next state out.
 *
 *   open --answered--> open, twice the size
 *   open, wall --refused, several--> wall: half the size, until the missing register is alone
 *   wall --refused, one register--> open behind it
 *   wall --all of a refused block answered--> open with a smaller cap: the unit accepts shorter requests only
 */

export interface Walk {
  /** The next register to read, how many in one request, and the last of all. */
  readonly at: number;
  readonly size: number;
  readonly to: number;
  /** Longest request; reduced when a unit refuses blocks whose registers all answer. */
  readonly cap: number;
  /** One register alone has been answered. */
  readonly singleWorks: boolean;
  /** The smallest refused block that is not explained yet: one of its registers should be absent. */
  readonly wall: { readonly end: number; readonly count: number } | null;
}

/** Units: `cap` registers in one request. */
export function walkFrom(from: number, to: number, cap: number): Walk {
  const size = 2 ** Math.floor(Math.log2(Math.max(1, cap)));
  return { at: from, size, to, cap: size, singleWorks: false, wall: null };
}

export function isDone({ at, to }: Walk): boolean {
  return at > to;
}

/** The next read to send. */
export function nextRead({ at, size, to }: Walk): { readonly address: number; readonly count: number } {
  return { address: at, count: Math.min(size, to - at + 1) };
}

/** These registers answer: the next read is behind them, larger in the open, halved before a wall. */
export function walkOn(walk: Walk, count: number): Walk {
  const next = { ...walk, at: walk.at + count, singleWorks: walk.singleWorks || count === 1 };
  if (walk.wall === null) return { ...next, size: Math.min(walk.cap, 2 * count) };
  const left = walk.wall.end - next.at;
  if (left > 0) return { ...next, size: Math.max(leastSize(next, left), Math.floor(left / 2)) };
  // All registers of a refused block answer by themselves: the unit accepts shorter requests only.
  const cap = Math.max(1, Math.floor(walk.wall.count / 2));
  return { ...next, cap, size: cap, wall: null };
}

/** At least one of them does not exist: the next read is shorter, or behind a register that is refused alone. */
export function refused(walk: Walk, count: number): Walk {
  if (count > 1) return { ...walk, size: Math.floor(count / 2), wall: { end: walk.at + count, count } };
  const next = { ...walk, at: walk.at + 1, wall: null };
  return { ...next, size: Math.min(walk.cap, leastSize(next, 2)) };
}

/** Some units have nothing but pairs at even addresses; until a single register has answered, nothing shorter is tried there first. */
function leastSize({ at, singleWorks }: Walk, left: number): number {
  return !singleWorks && at % 2 === 0 && left >= 2 ? 2 : 1;
}
