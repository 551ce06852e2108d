/**
 * Decides which parts of the agent hang, from their progress. Never considers the network: the street is lit without it. Pure.
 */

import type { MonoMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LinePulse, Pulse, StorePulse } from '../../core/pulse.ts';

/**
 * Longest time without progress. Units: ms.
 *
 * `line`: a line that polls, or waits for the next poll. `tick`: the light control. `opening`: a port that is being opened. A restart of the
 * agent may repair it, but interrupts the other lines, so it must be rare. `store`: the same; by then the storage thread has been replaced
 * many times.
 * Source: assumed; a line makes progress after one transaction or a wait of 1 s, a tick runs each second, and a driver falls back to its
 * failsafe level after 60 s, by when the agent runs again. Two restarts in ten minutes are too few for safe mode. Confirmed by: the longest
 * pauses in a year of metrics of a cabinet.
 */
const LIMIT_MS = { line: 30_000, tick: 10_000, opening: 600_000, store: 600_000 } as const;

/** A part of the agent that has made no progress for longer than its limit. `forMs`: how long it has made none. Units: ms. */
export interface Hang {
  /** `line north`, `lighting`, `store`. */
  readonly part: string;
  readonly forMs: number;
  /** The part and what has not happened, for display. */
  readonly text: Message;
}

/**
 * Returns the parts that count as hanging at `nowMono`; empty if there are none. A part whose time in the pulse is null does not count, nor
 * does a store whose thread `isStuck`.
 */
export function hangsOf({ lines, tickedMono, store }: Pulse, nowMono: MonoMs): readonly Hang[] {
  return [...lines.flatMap((line) => lineHang(line, nowMono)), ...tickHang(tickedMono, nowMono), ...storeHang(store, nowMono)];
}

function lineHang({ id, turnedMono, openingMono }: LinePulse, nowMono: MonoMs): Hang[] {
  const part = `line ${id}`;
  // A line that waits for its own port makes no progress either; the time of the port decides.
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
