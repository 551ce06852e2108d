/** Logs a user out who has not pressed a key for a time, after a warning. */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { formatDuration } from '../text/duration.ts';
import { translate } from '../text/language.ts';
import type { Dialog } from './dialog.ts';

/** Before the end. Units: ms. Source: assumed; time to walk back from the pole. */
const WARNED_MS = 60_000;
const LOOK_MS = 1_000;

/** Ends the session after `idleMs` without a key. */
export function createIdleWatch(
  dialog: Pick<Dialog, 'lastKeyMono' | 'printAbove' | 'end' | 'settings'>,
  clock: Clock,
  idleMs: number,
): Timer {
  const inWords = (text: string): string => translate(dialog.settings.language, text);
  let warnedMono = Number.NEGATIVE_INFINITY;
  return every(clock, LOOK_MS, () => {
    const keyMono = dialog.lastKeyMono();
    const idle = clock.monoMs() - keyMono;
    if (idle >= idleMs) {
      dialog.printAbove([`! ${inWords(`nothing typed for ${formatDuration(idleMs)}: logged out`)}`]);
      dialog.end('idle');
    } else if (idle >= idleMs - WARNED_MS && warnedMono !== keyMono) {
      warnedMono = keyMono;
      dialog.printAbove([
        `! ${inWords(`nothing typed for ${formatDuration(idleMs - WARNED_MS)}: logout in ${formatDuration(WARNED_MS)}`)}`,
      ]);
    }
  });
}
