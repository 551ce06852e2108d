/**
 * Decides which parts of the agent hang, from their signs of work. Never the network: a street is lit without it. Pure.
 */

import type { MonoMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LinePulse, Pulse, StorePulse } from '../../core/pulse.ts';

/**
 * Longest time without a sign of work. Units: ms.
 *
 * `line`: a line that polls, or naps until the next poll. `tick`: the lighting. `opening`: a port that is being opened: a new run of the agent
 * may heal it and the other lines are lit meanwhile, so it is not tried often. `store`: the same; its thread was given up and started again
 * by itself many times until then.
 * Source: assumed; a turn of a line ends after one transaction or a nap of 1 s, a tick comes each second, and a driver goes to its failsafe level
 * after 60 s, by when the agent is back. Two restarts in ten minutes are too few for safe mode.
 */
const LIMIT_MS = { line: 30_000, tick: 10_000, opening: 600_000, store: 600_000 } as const;

/** A part without a sign of work. Units: ms. */
export interface Hang {
  /** `line north`, `lighting`, `store`. */
  readonly part: string;
  readonly forMs: number;
  /** The part and what has not happened, for a person. */
  readonly text: Message;
}

/** Shape: empty while all is well. A disk that gives errors, or lets its thread hang in the kernel, is trouble and no hang: light goes on. */
export function hangsOf({ lines, tickedMono, store }: Pulse, nowMono: MonoMs): readonly Hang[] {
  return [...lines.flatMap((line) => lineHang(line, nowMono)), ...tickHang(tickedMono, nowMono), ...storeHang(store, nowMono)];
}

function lineHang({ id, turnedMono, openingMono }: LinePulse, nowMono: MonoMs): Hang[] {
  const part = `line ${id}`;
  // A line that waits for its own port has not turned either; that is judged by the port.
  if (openingMono !== null)
    return late(
      {
        part,
        sinceMono: openingMono,
        limitMs: LIMIT_MS.opening,
        text: msg`line ${id} hangs: opening its port does not end, and gives no error`,
      },
      nowMono,
    );
  return late({ part, sinceMono: turnedMono, limitMs: LIMIT_MS.line, text: msg`line ${id} hangs: its transaction does not end` }, nowMono);
}

function tickHang(tickedMono: MonoMs | null, nowMono: MonoMs): Hang[] {
  return late(
    { part: 'lighting', sinceMono: tickedMono, limitMs: LIMIT_MS.tick, text: msg`the lighting hangs: no decision about the lamps is made` },
    nowMono,
  );
}

function storeHang({ unansweredMono, isStuck }: StorePulse, nowMono: MonoMs): Hang[] {
  if (isStuck) return [];
  return late({ part: 'store', sinceMono: unansweredMono, limitMs: LIMIT_MS.store, text: msg`the store does not answer` }, nowMono);
}

interface Sign {
  readonly part: string;
  readonly sinceMono: MonoMs | null;
  readonly limitMs: number;
  readonly text: Message;
}

function late({ part, sinceMono, limitMs, text }: Sign, nowMono: MonoMs): Hang[] {
  const forMs = sinceMono === null ? 0 : nowMono - sinceMono;
  return forMs > limitMs ? [{ part, forMs, text }] : [];
}
