/** A TIC meter of historic mode on a pseudo-terminal, at its true byte times: `tic-process.ts`. It runs from its first question on. */
import { createSystemClock } from '../agent/core/system-clock.ts';
import { createPtyCable } from '../test/street/pty.ts';
import { createTicMeter } from '../test/street/units/tic-meter.ts';
import { answerParent } from './child.ts';

export type TicQuestion = Readonly<Record<never, never>>;

export interface TicAnswer {
  /** Where a gateway finds the meter. */
  readonly path: string;
  /** Bytes sent since the last question. */
  readonly sentBytes: number;
}

let sentBytes = 0;
const cable = createPtyCable(() => {});
const meter = createTicMeter({
  mode: 'historic',
  clock: createSystemClock({ quality: () => 'synced' }),
  send(bytes) {
    sentBytes += bytes.length;
    cable.end.write(bytes);
  },
});
let isStarted = false;

answerParent<TicQuestion, TicAnswer>(() => {
  if (!isStarted) meter.start();
  isStarted = true;
  const answer = { path: cable.path, sentBytes };
  sentBytes = 0;
  return answer;
});
