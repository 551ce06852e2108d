/** The interactive shell of `luciole console`: terminal size, login, command lines, end. */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { msg, type Said } from '../../core/message.ts';
import { formatDuration } from '../text/duration.ts';
import { translate } from '../text/translate.ts';
import { Dialog, type EndReason } from './dialog.ts';
import { trialNumber } from './known.ts';
import { type LineParts, serveLines } from './lines.ts';
import { askerOf, type ConsoleSession, type Login } from './session.ts';
import { createTrialHold } from './trial-hold.ts';

export interface ShellParts extends LineParts {
  readonly login: Login;
  /** Ask the terminal for its size at the start. A bare one shows the question for a third of a second. */
  readonly withProbe: boolean;
}

const PAGER_HELP = msg`space: next page  enter: next line  /text: search  q: quit`;

export interface Shell {
  /** Resolves when the session is over. */
  run(): Promise<EndReason>;
  /** Ends it from outside: the carrier is lost, the time is over, the machine stops. */
  end(reason: EndReason): void;
}

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
        await dialog.writer.drained();
        return dialog.ended() ?? 'logout';
      } finally {
        dialog.writer.close();
        tty.close();
      }
    },
  };
}

/** The session of a user who logged in ends with that in the agent, and after a time without keys. */
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
    // A console that fails was ended by no person: what it has put on trial returns.
    dialog.end('hang-up');
    login.leave(dialog.ended() === 'hang-up');
  }
}

async function serve(session: ConsoleSession, dialog: Dialog, parts: ShellParts): Promise<void> {
  const asker = askerOf(session, parts.surroundings);
  // The agent knows the session of a user who logged in by its login.
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

/** Before the end. Units: ms. Source: assumed; time to walk back from the pole. */
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
