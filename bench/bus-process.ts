/**
 * A Modbus unit with exact timing, on one pseudo-terminal a speed: `bus-process.ts 9600 19200 …`.
 *
 * Owns the far end of the cables. A process of its own, so that it never takes time from the event loop of the master it serves.
 * Each reply arrives whole, at the moment its last character would: request + turnaround + reply after the request was written.
 */
import { charMs } from '../drivers/modbus/wire-time.ts';
import { createPtyCable } from '../test/street/pty.ts';
import { parseRequest, readReply } from '../test/street/rtu-slave.ts';
import { REGISTER_VALUES, serialAt, silenceMs, TURNAROUND_MS } from './bus.ts';
import { answerParent } from './child.ts';

/** There is but one question: what was seen since the last one. The next request may then come at any time. */
export type BusQuestion = Readonly<Record<never, never>>;

export interface BusAnswer {
  /** Where a master finds the line of each speed. */
  readonly paths: Readonly<Record<number, string>>;
  /** What the unit saw since the last question. */
  readonly seen: {
    readonly requests: number;
    /** Requests that came before the wire had been silent for 3.5 characters, a tenth of tolerance given. */
    readonly tooEarly: number;
    /** How much later than physics each reply was: the unit's own error. Units: ms. */
    readonly latenessMs: readonly number[];
  };
}

/** A timer is good to a millisecond; the rest is waited for with open eyes. Units: ms. */
const SPIN_MS = 2;

let requests = 0;
let tooEarly = 0;
let latenessMs: number[] = [];
/** The wire has been silent since. */
let silentMono = Number.NEGATIVE_INFINITY;

const cables = new Map(process.argv.slice(2).map((word) => [Number(word), plugIn(Number(word))]));

answerParent<BusQuestion, BusAnswer>(() => {
  const seen = { requests, tooEarly, latenessMs };
  requests = 0;
  tooEarly = 0;
  latenessMs = [];
  silentMono = Number.NEGATIVE_INFINITY;
  return { paths: Object.fromEntries([...cables].map(([baud, { path }]) => [baud, path])), seen };
});

function plugIn(baud: number): { readonly path: string } {
  const oneCharMs = charMs(serialAt(baud));
  let rx = Buffer.alloc(0);
  const cable = createPtyCable((bytes) => {
    const nowMono = performance.now();
    rx = Buffer.concat([rx, bytes]);
    const request = parseRequest(rx);
    if (request === undefined) return;
    if (request?.kind !== 'read') throw new Error(`the unit was asked something else than a read: ${rx.toString('hex')}`);
    rx = Buffer.alloc(0);
    requests++;
    if (nowMono - silentMono < 0.9 * silenceMs(baud)) tooEarly++;
    const reply = readReply(request, REGISTER_VALUES.slice(0, request.count));
    const dueMono = nowMono + (request.bytes + reply.length) * oneCharMs + TURNAROUND_MS;
    setTimeout(
      () => {
        while (performance.now() < dueMono);
        silentMono = performance.now();
        cable.end.write(reply);
        latenessMs.push(silentMono - dueMono);
      },
      Math.max(0, dueMono - nowMono - SPIN_MS),
    );
  });
  return cable;
}
