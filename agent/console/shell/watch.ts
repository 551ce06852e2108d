/** `watch`: shows a live view until it is ended. A frame that cannot be sent in time is discarded, because the next one is newer. */
import { type Clock, sleep } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import { translate } from '../text/translate.ts';
import type { Dialog } from './dialog.ts';
import type { LiveSource } from './live-sources.ts';
import { createCursorView, createScrollingView, type LiveView } from './live-view.ts';

/** Units: ms. Source: the console's rules for 9600 baud: at most every two seconds, a quarter of the line. */
const PERIOD_MS = 2_000;
const TURN_MS = 1_000;
/** Share of the line for a live view. */
const SHARE = 0.25;
/** Rate if the line has no speed limit. Units: characters per second. */
const WIDE_RATE = 4_000;
const HINT = msg`q or Ctrl-C ends it`;
/** Source: a VT100. */
const USUAL_ROWS = 24;

/**
 * Shows a view with new data until Ctrl-C, `q` or the end of the session. Keys typed before `q` are discarded, later ones are kept.
 *
 * Errors: rejects with ConsoleError, for example if the agent does not answer; the view then ends.
 */
export async function watch(dialog: Dialog, clock: Clock, source: LiveSource): Promise<void> {
  const { settings, writer, input } = dialog;
  const view = viewFor(dialog);
  const budgetChars = Math.floor((writer.charsPerSecond() ?? WIDE_RATE / SHARE) * SHARE * (TURN_MS / 1_000));
  const stop = Promise.withResolvers<'stop'>();
  input.onInterrupt(() => stop.resolve('stop'));
  let [askedMono, isShown] = [clock.monoMs(), false];
  try {
    const first = await Promise.race([source(settings), stop.promise]);
    if (first === 'stop') return;
    let frame = first;
    isShown = true;
    writer.write(view.start(frame, translate(settings.language, HINT)));
    while (dialog.ended() === null) {
      const woken = await Promise.race([sleep(clock, TURN_MS), stop.promise]);
      if (woken === 'stop' || hasTypedQuit(input)) break;
      if (!writer.isClear()) continue;
      if (clock.monoMs() - askedMono >= PERIOD_MS) {
        askedMono = clock.monoMs();
        frame = await source(settings);
      }
      writer.write(view.next(frame, budgetChars));
    }
  } finally {
    input.onInterrupt(null);
    if (isShown) writer.write(view.end());
  }
}

function viewFor({ settings }: Dialog): LiveView {
  const rows = settings.rows === 0 ? USUAL_ROWS : settings.rows;
  return (settings.type === 'vt100' ? createCursorView : createScrollingView)(rows, settings.widthCols);
}

function hasTypedQuit(input: Dialog['input']): boolean {
  for (let key = input.takeNow(); key !== undefined; key = input.takeNow()) {
    if (key.kind === 'text' && key.text.toLowerCase() === 'q') return true;
  }
  return false;
}
