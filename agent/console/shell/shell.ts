/** The interactive shell of `luciole console`: terminal size, login, command lines, end. */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { msg, type Said } from '../../core/message.ts';
import { within } from '../../core/within.ts';
import { formatDuration } from '../text/duration.ts';
import { translate } from '../text/translate.ts';
import { Dialog, type EndReason } from './dialog.ts';
import { trialNumber } from './known.ts';
import { type LineParts, serveLines } from './lines.ts';
import { askerOf, type ConsoleSession, type Login } from './session.ts';
import { createTrialHold } from './trial-hold.ts';

/** What a session uses, in addition to the parts of its command lines. */
export interface ShellParts extends LineParts {
  readonly login: Login;
  /** Request the terminal's size at the start. A terminal that answers gets colours and cursor motion. */
  readonly withProbe: boolean;
}

const PAGER_HELP = msg`space: next page  enter: next line  /text: search  q: quit`;

/** One session at a terminal. */
export interface Shell {
  /** Logs the person in and runs the typed commands. Resolves with the reason of the end. Call it once. */
  run(): Promise<EndReason>;
  /**
   * Ends the session from outside, for this reason; no more keys are read. A running command stops, or completes if it must not be cut;
   * `run` resolves afterwards. No effect if the session has ended.
   */
  end(reason: EndReason): void;
}

/**
 * Longest wait for the last output. A terminal that stopped it and was unplugged would else keep the port for ever. Units: ms. Source:
 * 57,600 characters at 9600 baud, more than a page.
 */
const LAST_OUTPUT_MS = 60_000;

/** Creates an interactive session on this terminal and begins to read its input. The method `run` closes the terminal at the end. */
export function createShell(parts: ShellParts): Shell {
  const { tty, clock, login, withProbe } = parts;
  const dialog: Dialog = new Dialog(tty, clock, () => translate(dialog.settings.language, PAGER_HELP));

  return {
    end: (reason) => dialog.end(reason),
    async run() {
      try {
        if (withProbe && (await dialog.probe())) {
          dialog.settings.type = 'vt100';
          dialog.settings.colour = true;
        }
        const session = await login.open(dialog);
        if (session !== null) await serveUntilIdle(session, dialog, parts);
        dialog.end('logout');
        await within(clock, LAST_OUTPUT_MS, dialog.writer.drained());
        return dialog.ended() ?? 'logout';
      } finally {
        dialog.writer.close();
        tty.close();
      }
    },
  };
}

/** Ends the session of a logged-in user when the agent ends it, or after a time without keys. */
async function serveUntilIdle(session: ConsoleSession, dialog: Dialog, parts: ShellParts): Promise<void> {
  const { login } = session;
  if (login === null) return serve(session, dialog, parts);
  const idle = createIdleWatch(dialog, parts.clock, login.idleMs);
  void login.ended.then(() => {
    if (dialog.ended() === null) dialog.printAbove([`% ${translate(dialog.settings.language, msg`the agent has ended the session`)}`]);
    dialog.end('logout');
  });
  try {
    await serve(session, dialog, { ...parts, surroundings: { ...parts.surroundings, socketPath: login.socketPath, token: login.token } });
    dialog.end('logout');
  } finally {
    idle.cancel();
    // No person ended a console that fails, so the configuration that it put on trial is reverted.
    dialog.end('hang-up');
    login.leave(dialog.ended() === 'hang-up');
  }
}

async function serve(session: ConsoleSession, dialog: Dialog, parts: ShellParts): Promise<void> {
  const asker = askerOf(session, parts.surroundings);
  // A logged-in user's session ends with its login request, so the agent detects the end.
  if (session.login !== null) return serveLines(session, dialog, parts);
  const hold = createTrialHold(asker, await trialNumber(asker), parts.clock);
  try {
    await serveLines(session, dialog, { ...parts, beforeCommit: hold.begin });
    dialog.end('logout');
  } finally {
    dialog.end('hang-up');
    hold.end(dialog.ended() === 'hang-up');
  }
}

/**
 * Warning before the end. Units: ms. Source: assumed; time to walk back from the pole. Confirmed by: sessions that ended without a key in
 * logs.
 */
const WARNED_MS = 60_000;
const LOOK_MS = 1_000;

/** Ends the session after `idleMs` without a key. */
function createIdleWatch(dialog: Pick<Dialog, 'lastKeyMono' | 'printAbove' | 'end' | 'settings'>, clock: Clock, idleMs: number): Timer {
  const inWords = (said: Said): string => translate(dialog.settings.language, said);
  let warnedMono = Number.NEGATIVE_INFINITY;
  return every(clock, LOOK_MS, () => {
    const keyMono = dialog.lastKeyMono();
    const idle = clock.monoMs() - keyMono;
    if (idle >= idleMs) {
      dialog.printAbove([`! ${inWords(msg`nothing typed for ${formatDuration(idleMs)}: logged out`)}`]);
      dialog.end('idle');
    } else if (idle >= idleMs - WARNED_MS && warnedMono !== keyMono) {
      warnedMono = keyMono;
      dialog.printAbove([
        `! ${inWords(msg`nothing typed for ${formatDuration(idleMs - WARNED_MS)}: logout in ${formatDuration(WARNED_MS)}`)}`,
      ]);
    }
  });
}
