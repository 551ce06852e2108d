/**
 * The interactive shell of `luciole console`: from the first byte to the last.
 *
 * Owns the order of a session: size of the terminal, login, greeting, line after line, farewell. Called by `main.ts` and by tests.
 */
import type { Clock, WallMs } from '../../core/clock.ts';
import { fetchAnswer } from '../ask-agent.ts';
import type { NameKind } from '../command-spec.ts';
import { COMMANDS, FAMILIES } from '../commands.ts';
import { ConsoleError } from '../console-error.ts';
import { translate } from '../language.ts';
import { NAMES, type Names } from '../names-command.ts';
import { plain } from '../plain-text.ts';
import type { Machine, Terminal } from '../terminal.ts';
import { wrap } from '../text-lines.ts';
import { runLine, type SessionActions, type Surroundings } from './command-runner.ts';
import { createTree } from './command-tree.ts';
import { createIdleWatch } from './idle-watch.ts';
import { giveBackTrial, trialNumber } from './lost-trial.ts';
import { createPastLines, type LineKeeper } from './past-lines.ts';
import type { Login, Session } from './session.ts';
import { createShellActions } from './shell-actions.ts';
import { createTalk, type EndReason, type Talk } from './talk.ts';
import type { Tty } from './tty.ts';
import { completion, helpLines } from './typing-help.ts';

/** They take the whole process, or its output. */
const OUTSIDE = new Set(['run', 'console', 'manual', 'setup']);

export interface ShellParts {
  readonly tty: Tty;
  readonly clock: Clock;
  readonly login: Login;
  readonly keeper: LineKeeper;
  /** Where files of the console lie; none unless given. */
  readonly filesDir?: string | null;
  readonly surroundings: Surroundings;
  readonly machine: Machine;
  readonly localActions: SessionActions;
  /** Ask the terminal for its size at the start. A bare one shows the question for a third of a second. */
  readonly withProbe: boolean;
}

const PAGER_HELP = 'space: next page  enter: next line  /text: search  q: quit';

export interface Shell {
  /** Resolves when the session is over. */
  run(): Promise<EndReason>;
  /** Ends it from outside: the carrier is lost, the time is over, the machine stops. */
  end(reason: EndReason): void;
}

export function createShell(parts: ShellParts): Shell {
  const { tty, clock, login, withProbe } = parts;
  const talk = createTalk({ tty, clock, pagerHelp: () => translate(talk.settings.language, PAGER_HELP) });

  return {
    end: talk.end,
    async run() {
      try {
        if (withProbe && (await talk.probe())) {
          talk.settings.type = 'vt100';
          talk.settings.colour = true;
        }
        const session = await login.open(talk);
        if (session !== null) await serveUntilIdle(session, talk, parts);
        talk.end('logout');
        await talk.writer.drained();
        return talk.ended() ?? 'logout';
      } finally {
        talk.writer.close();
        tty.close();
      }
    },
  };
}

/** A session of someone who logged in ends with the agent's, and by itself when nobody types. */
async function serveUntilIdle(session: Session, talk: Talk, parts: ShellParts): Promise<void> {
  const { door } = session;
  if (door === null) return serve(session, talk, parts);
  const idle = createIdleWatch(talk, parts.clock, door.idleMs);
  void door.ended.then(() => {
    if (talk.ended() === null) talk.tell([`% ${translate(talk.settings.language, 'the agent has ended the session')}`]);
    talk.end('logout');
  });
  try {
    await serve(session, talk, { ...parts, surroundings: { ...parts.surroundings, socketPath: door.socketPath, token: door.token } });
  } finally {
    idle.cancel();
    talk.end('logout');
    door.leave();
  }
}

async function serve(session: Session, talk: Talk, parts: ShellParts): Promise<void> {
  const asker = askerOf(session, parts.surroundings);
  const before = await trialNumber(asker);
  await serveLines(session, talk, parts);
  if (talk.ended() === 'hang-up') await giveBackTrial(asker, before);
}

async function serveLines(
  session: Session,
  talk: Talk,
  { tty, clock, keeper, filesDir, surroundings, machine, localActions }: ShellParts,
): Promise<void> {
  const tree = createTree(
    COMMANDS.filter(({ name }) => !OUTSIDE.has(name)),
    FAMILIES.map(({ name, summary }) => ({ word: name, summary })),
  );
  const past = createPastLines(session.user, keeper);
  const inWords = (text: string): string => translate(talk.settings.language, text);
  let known: Known | null = null;
  const refresh = async (): Promise<void> => {
    known = await askNames(session, surroundings);
  };
  const help = { tree, translate: inWords, names: async (kind: NameKind) => (known === null ? [] : namesOf(known.names, kind)) };
  const shellActions = createShellActions({
    talk,
    tree,
    past,
    asker: askerOf(session, surroundings),
    tty,
    clock,
    machine,
    filesDir: filesDir ?? null,
    isConfined: session.door !== null,
    translate: inWords,
  });
  await refresh();
  const names = (known as Known | null)?.names ?? null;
  if (names !== null) talk.settings.language = names.language;
  for (const line of greeting(names, surroundings.version))
    talk.writer.write(`${wrap(inWords(line), talk.settings.widthCols).join('\n')}\n`);
  while (talk.ended() === null) {
    const read = await talk.ask({
      prompt: promptOf(known, inWords),
      mode: 'command',
      history: past.all(),
      help: async (before) => {
        try {
          return await helpLines(before, talk.settings.widthCols, help);
        } catch (error) {
          if (error instanceof ConsoleError) return wrap(`% ${inWords(error.message)}`, talk.settings.widthCols);
          throw error;
        }
      },
      complete: (before) => completion(before, talk.settings.widthCols, help),
    });
    if (read.kind === 'end') return;
    if (read.kind === 'eof') return warn(talk, known, inWords);
    if (read.kind !== 'line') continue;
    if (read.lostChars > 0) {
      talk.writer.write(`% ${inWords(`${read.lostChars} characters too many in one line: nothing was done`)}\n`);
      continue;
    }
    past.add(read.text);
    await runLine(read.text, { talk, tree, session, clock, surroundings, localActions, shellActions, translate: inWords });
    // Who leaves should know of it: the next one at the cabinet does not.
    if (talk.ended() === 'logout') return warn(talk, known, inWords);
    await refresh();
  }
}

/** What the agent said of itself, and when. */
interface Known {
  readonly names: Names;
  readonly atMs: WallMs;
}

function promptOf(known: Known | null, inWords: (text: string) => string): string {
  if (known === null) return `luciole (${inWords('no agent')})> `;
  const { cabinet, overrides } = known.names;
  const leftMs = Math.max(0, ...overrides.map(({ untilMs }) => untilMs - known.atMs));
  return leftMs === 0 ? `${cabinet.id}> ` : `${cabinet.id} [OVERRIDE ${countdown(leftMs)}]> `;
}

/** `14:32`, `1:59:07`. */
function countdown(leftMs: number): string {
  const leftS = Math.ceil(leftMs / 1_000);
  const [hours, minutes, seconds] = [Math.floor(leftS / 3_600), Math.floor(leftS / 60) % 60, leftS % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return hours === '00' ? `${minutes}:${seconds}` : `${hours}:${minutes}:${seconds}`;
}

function warn(talk: Talk, known: Known | null, inWords: (text: string) => string): void {
  for (const { target, levelPct, untilMs } of known?.names.overrides ?? []) {
    const left = countdown(Math.max(0, untilMs - (known?.atMs ?? 0)));
    const isWhole = target === known?.names.cabinet.id && ![...known.names.lamps, ...known.names.zones].includes(target);
    const text = inWords(`${target} stays at ${levelPct} % by hand for ${left}; ${isWhole ? 'lights auto' : `release ${target}`} ends it`);
    talk.writer.write(`${wrap(`! ${text}`, talk.settings.widthCols).join('\n')}\n`);
  }
}

function greeting(names: Names | null, version: string): readonly string[] {
  const keys = '? lists what may be typed, TAB completes, Ctrl-D ends';
  if (names === null) return [version, 'no agent answers: agent state, check and agent restart work without one', keys];
  return [`${names.cabinet.id}  ${names.cabinet.name}`, version, keys];
}

/** Null where no agent answers. */
async function askNames(session: Session, surroundings: Surroundings): Promise<Known | null> {
  try {
    const { result, atMs } = await fetchAnswer(NAMES, {}, { socket: undefined, terminal: askerOf(session, surroundings) });
    return { names: plain(result) as Names, atMs };
  } catch (error) {
    if (error instanceof ConsoleError) return null;
    throw error;
  }
}

function askerOf({ user }: Session, { socketPath, token }: Surroundings): Pick<Terminal, 'user' | 'socketPath' | 'token'> {
  return { user, socketPath, ...(token === undefined ? {} : { token }) };
}

function namesOf(names: Names, kind: NameKind): readonly string[] {
  const lists: Readonly<Record<NameKind, readonly string[]>> = {
    lamp: names.lamps,
    zone: names.zones,
    target: [...names.lamps, ...names.zones],
    line: names.lines,
    device: names.devices,
    point: names.points,
    profile: names.profiles,
  };
  return lists[kind];
}
