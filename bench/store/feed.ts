/**
 * A cabinet's day on a manual clock: drivers, the recorder, and the receiver of the frames.
 *
 * Owns clock, workload and recorder.
 */

import { every } from '../../agent/core/clock.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log, ReadingFrame } from '../../agent/core/ports.ts';
import { createRecorder } from '../../agent/store/recorder.ts';
import { createWorkload, FIRST_DAY_MS, type Workload } from './workload.ts';

export const NO_LOG: Log = { event: () => {} };

export interface Feed {
  readonly clock: ManualClock;
  readonly workload: Workload;
  /** Readings handed out so far. */
  readings(): number;
  onFrame: (frame: ReadingFrame) => void;
}

/**
 * So that every reading is news, also those that have not changed. Units: s.
 *
 * Source: just under the poll period of a minute; at 60 a poll that comes a few ms early would be no news.
 */
const HEARTBEAT_S = 59;
const POLL_MS = 1_000;

/**
 * Creates a simulated cabinet at noon of the first day. While the caller advances its clock, it reads one driver a second and passes the
 * readings to `onFrame`. The same seed gives the same readings.
 */
export function createFeed(seed = 1): Feed {
  const clock = createManualClock(FIRST_DAY_MS);
  const workload = createWorkload(seed);
  let readings = 0;
  const feed: Feed = { clock, workload, readings: () => readings, onFrame: () => {} };
  const recorder = createRecorder({
    clock,
    rules: workload.rules,
    heartbeatS: HEARTBEAT_S,
    onFrame: (frame) => {
      readings += frame.readings.length;
      feed.onFrame(frame);
    },
  });
  every(clock, POLL_MS, () => recorder.record(workload.poll({ atMs: clock.wallMs(), atMono: clock.monoMs() })));
  recorder.start();
  return feed;
}

/** Advances the clock of the feed by `seconds` and returns the frames of that time, so that a figure does not include their creation. */
export async function feedFrames(feed: Feed, seconds: number): Promise<readonly ReadingFrame[]> {
  const frames: ReadingFrame[] = [];
  feed.onFrame = (frame) => frames.push(frame);
  await feed.clock.advance(seconds * 1_000);
  feed.onFrame = () => {};
  return frames;
}
