/**
 * `luciole setup`: scans serial ports, asks a few questions and writes a cabinet file with which the street can be lit.
 *
 * Before the end it writes only the answers, so a person may stop it at any time and start again.
 */

import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readProfiles } from '../../drivers/registry.ts';
import { checkConfig } from '../config/load/load-site.ts';
import { readPlacedYaml } from '../config/load/places.ts';
import { refuseWhileAgentRuns } from '../console/ask-agent.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';
import { translated } from '../console/text/page.ts';
import { problemLines, wrap } from '../console/text/text-lines.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import { count } from '../core/counts.ts';
import { type Problem, problemMessage } from '../core/errors.ts';
import { type Message, msg, type Said } from '../core/message.ts';
import { withTexts } from '../core/message-wire.ts';
import { replaceFile } from '../core/replace-file.ts';
import { type AskLine, type InterviewParts, interview, isUnanswered, type PrintLine } from './ask-questions.ts';
import { cabinetText } from './cabinet-text.ts';
import { type Enrolment, firstAdmin } from './first-user.ts';
import { keyFilesIn, makeKeyRequest } from './key-files.ts';
import { propose, type SiteDraft } from './propose.ts';
import type { Question, TypedAnswers } from './questions.ts';
import { answersOfCabinet, keptAnswers, readSetupRequest, type SetupRequest } from './setup-answers.ts';
import { isYes, type SkippedPort, survey } from './survey.ts';

/**
 * What `runSetup` needs besides its arguments: the terminal, the path of the cabinet file, and how to ask. An abort of `signal` during the
 * scan makes `runSetup` reject.
 */
export interface SetupWorld {
  readonly terminal: Terminal;
  readonly configFile: string;
  /** Shows a question unchanged and resolves with a line. Null: no question may be asked. */
  readonly ask: ((prompt: string) => Promise<string>) | null;
  readonly signal: AbortSignal;
}

/** The output of `--json`. */
interface SetupReport {
  readonly file: string;
  readonly wrote: boolean;
  /** Path of the copy of the former file; null if there was none. */
  readonly backup: string | null;
  readonly lines: readonly { id: string; port: string; devices: number; unknownUnits: readonly number[]; damaged: readonly number[] }[];
  readonly skippedPorts: readonly SkippedPort[];
  readonly lamps: number;
  readonly certificateRequest: string | null;
  /** Null if no user was requested; contains a reason if the user could not be created. */
  readonly enrolment: Enrolment | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly next: readonly Said[];
}

/** Two masters on one line receive each other's replies. */
const AGENT_RUNS = msg`an agent is running and has the lines: stop it first (systemctl stop luciole), or use it: luciole bus scan LINE`;
/** Source: default of the cabinet file. */
const USUAL_DATA = '/var/lib/luciole';
const USUAL_PROFILES = '/etc/luciole/profiles';
const EXIT_BAD_CONFIG = 78;

const GREETING = msg`Nothing is written before the end, and Ctrl-C leaves everything as it is. An empty answer takes the value in [brackets].`;

/** Options of one run, and its functions for output. */
interface Run {
  readonly file: string;
  readonly request: SetupRequest;
  readonly isJson: boolean;
  readonly isForced: boolean;
  readonly isDryRun: boolean;
  /** Null: no question may be asked. */
  readonly ask: AskLine | null;
  /** Prints text for a person; prints nothing with `--json` or `--dry-run`. */
  readonly print: PrintLine;
  /** Null: the default of the cabinet file. */
  readonly dataDir: string | null;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * Runs `luciole setup`: collects the answers, scans the lines and writes the cabinet file, if needed with a key and a first user. With
 * `--dry-run` it writes nothing. Resolves with the exit code: 0, or 78 if the cabinet file would have problems; it is then not written.
 * 0 also if only the first user could not be created.
 *
 * Errors: rejects, for example with ConsoleError for a failure that a person can correct.
 */
export async function runSetup(args: LocalArgs, world: SetupWorld): Promise<number> {
  const run = runOf(args, world);
  await refuseWhileAgentRuns(args, world.terminal, AGENT_RUNS);
  if (!run.isDryRun) refuseUnwritable(run.file, run.isForced);
  const { answers, draft, skipped } = await describeSite(run);
  const plan = planOf(run, answers, draft);
  const { problems, warnings } = await checkConfig({ configFile: run.file, text: plan.text });
  const isWanted = problems.length === 0 && !run.isDryRun;
  // One may have started while the lines were scanned; it runs by the file that would be replaced.
  if (isWanted) await refuseWhileAgentRuns(args, world.terminal, AGENT_RUNS);
  const written = isWanted ? await write(run, plan) : null;
  const report: SetupReport = {
    file: run.file,
    wrote: written !== null,
    backup: written?.backup ?? null,
    lines: draft.lines.map(({ id, port, devices, unnamedUnits, damaged }) => ({
      id,
      port,
      devices: devices.length,
      unknownUnits: unnamedUnits.map(({ unit }) => unit),
      damaged,
    })),
    skippedPorts: skipped,
    lamps: draft.lamps.length,
    certificateRequest: written === null ? null : (plan.keys?.requestFile ?? null),
    enrolment: written?.enrolment ?? null,
    problems,
    warnings,
    next: nextSteps(run.file, plan),
  };
  printReport(report, plan.text, run);
  return problems.length === 0 ? 0 : EXIT_BAD_CONFIG;
}

function runOf(args: LocalArgs, { terminal, configFile, ask, signal }: SetupWorld): Run {
  const request = readSetupRequest(args);
  const [isJson, isDryRun] = [args['json'] === true, args['dry-run'] === true];
  const say = (said: Said): string => translated(said, terminal);
  return {
    file: resolve(configFile),
    request,
    isJson,
    isForced: args['force'] === true,
    isDryRun,
    ask: request.isQuiet || ask === null ? null : (prompt) => ask(`${say(prompt)} `),
    print: (line, indentCols = 0) => {
      if (isJson || isDryRun) return;
      for (const part of wrap(say(line), terminal.widthCols - indentCols)) terminal.out(`${' '.repeat(indentCols)}${part}\n`);
    },
    dataDir: typeof args['data-dir'] === 'string' ? resolve(args['data-dir']) : null,
    terminal,
    signal,
  };
}

/** Asks a person, scans the lines, then asks what the found devices leave open. */
async function describeSite({ file, request, ask, print, isJson, isDryRun, terminal, signal }: Run) {
  const answersFile = answersFileOf(file);
  const kept = ask === null ? {} : keptAnswers(answersFile);
  const parts: InterviewParts = {
    ask,
    print,
    machine: { hostname: hostname(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    proposed: ask === null ? {} : { ...answersOfCabinet(file), ...kept },
    keep: (answers) => {
      if (!isDryRun) replaceFile(answersFile, JSON.stringify({ ...kept, ...answers }), { mode: 0o600, backup: null });
    },
  };
  if (ask !== null) print(GREETING);
  const site = await answered('site', request.answers, parts);
  const { profiles } = readProfiles([USUAL_PROFILES], readPlacedYaml);
  const found = await survey({
    ...{ request, profiles, ask, print, signal },
    ...{ status: isJson ? null : terminal.status, language: terminal.language },
  });
  // Without lamps, no question about lamps is asked and their usual answers are not used.
  const draftOf = (answers: TypedAnswers): SiteDraft => propose(found.lines, found.choice, Number(answers['spacing'] ?? 0));
  const hasLamps = draftOf(site).lamps.length > 0;
  const street = await answered('street', site, hasLamps ? parts : { ...parts, ask: null });
  const platform = await answered('uplink', street, parts);
  const answers = await answered('access', platform, parts);
  return { answers, draft: draftOf(answers), skipped: found.skipped };
}

/** What to write, and where. */
interface Plan {
  readonly answers: TypedAnswers;
  readonly draft: SiteDraft;
  readonly text: string;
  /** Null if the uplink does not use TLS. */
  readonly keys: ReturnType<typeof keyFilesIn> | null;
  readonly passwordFile: string | null;
}

function planOf({ file, dataDir, terminal }: Run, answers: TypedAnswers, draft: SiteDraft): Plan {
  const keys = answers['broker']?.startsWith('mqtts:') === true ? keyFilesIn(dirname(file)) : null;
  const passwordFile = (answers['username'] ?? '') === '' ? null : join(dirname(file), 'uplink.password');
  const say = (said: Said): string => translated(said, terminal);
  const text = cabinetText({ answers: { username: '', ...answers }, draft, keyFiles: keys, passwordFile, dataDir, say });
  return { answers, draft, text, keys, passwordFile };
}

/** Writes keys, cabinet file and first user, in that order. Errors: rejects with ConsoleError 'failed' if the person declines. */
async function write(
  { file, ask, dataDir }: Run,
  { answers, text, keys }: Plan,
): Promise<{ readonly backup: string | null; readonly enrolment: Enrolment | null }> {
  if (ask !== null && !isYes(await ask(msg`Write ${file}? yes or no [yes]:`))) throw new ConsoleError('failed', msg`nothing was written`);
  const { id = '', admin = '' } = answers;
  const backup = existsSync(file) ? `${file}.bak` : null;
  if (keys !== null) makeKeyRequest(keys, id);
  replaceFile(file, text, { mode: 0o644, backup });
  asOwnerOf(dirname(file), () => rmSync(answersFileOf(file), { force: true }));
  return { backup, enrolment: admin === '' ? null : await firstAdmin(admin, { dir: dataDir ?? USUAL_DATA, cabinetId: id }) };
}

function printReport(report: SetupReport, text: string, { isJson, isDryRun, terminal, print }: Run): void {
  if (isJson) terminal.out(`${JSON.stringify(withTexts(isDryRun ? { ...report, text } : report))}\n`);
  else if (report.problems.length > 0) terminal.err(`${problemLines(report.problems, terminal, false)}\n`);
  else if (isDryRun) terminal.out(text);
  else for (const line of summary(report)) print(line);
}

/** Returns the path that stores the answers until the cabinet file is written. */
function answersFileOf(file: string): string {
  return `${file}.answers`;
}

/** Resolves with complete answers. Errors: throws ConsoleError 'usage' that lists every missing or wrong answer. */
async function answered(part: Question['part'], answers: TypedAnswers, parts: InterviewParts): Promise<TypedAnswers> {
  const result = await interview(part, answers, parts);
  if (!isUnanswered(result)) return result;
  const missing = result.missing.reduce((before, next) => msg`${before}\n${next}`);
  throw new ConsoleError('usage', msg`these answers are missing (give them as options, in --answers, or on a terminal):\n${missing}`);
}

/** Checks before the first question that the file can be written. Errors: throws ConsoleError. */
function refuseUnwritable(file: string, isForced: boolean): void {
  if (existsSync(file) && !isForced)
    throw new ConsoleError(
      'failed',
      msg`${file} exists already: --force replaces it and keeps it as ${`${file}.bak`}, --dry-run only shows`,
    );
  const folder = dirname(file);
  try {
    asOwnerOf(folder, () => mkdirSync(folder, { recursive: true }));
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError(
      'failed',
      msg`${folder} cannot be written (${String(error.code)}): use sudo, or name another file: luciole setup cabinet.yaml`,
      {
        cause: error,
      },
    );
  }
}

function nextSteps(file: string, { answers, keys, passwordFile, draft }: Plan): Said[] {
  const unknown = draft.lines.some(({ unnamedUnits }) => unnamedUnits.length > 0);
  return [
    ...(unknown ? [msg`Write what the unknown units are: they are comments in ${file}; --prefer and --device give it beforehand.`] : []),
    ...(keys === null
      ? []
      : [msg`Have ${keys.requestFile} signed by the authority of the platform, and save the certificate as ${keys.certFile}.`]),
    ...(passwordFile === null ? [] : [msg`Write the password of the broker into ${passwordFile}, then chmod 0400 and chown luciole.`]),
    `luciole check ${file}`,
    msg`luciole run ${file}, or as a service: systemctl enable --now luciole`,
    ...draft.lamps.slice(0, 1).map(({ id }) => msg`luciole identify ${id}, then each other lamp: it blinks, to see on which pole it is.`),
    ...(draft.lamps.length === 0 || draft.presence.length === 0
      ? []
      : [msg`luciole walk-test ${answers['zone'] ?? ''}: walk under the sensors, to see which lamps each one raises.`]),
  ];
}

function summary({ file, backup, lines, skippedPorts, lamps, certificateRequest, enrolment, warnings, next }: SetupReport): Said[] {
  const devices = lines.reduce((sum, line) => sum + line.devices, 0);
  return [
    '',
    msg`Wrote ${file}: ${count(lamps, 'lamp')}, ${count(devices, 'device')}, ${count(lines.length, 'line')}.`,
    ...(backup === null ? [] : [msg`The former file is ${backup}.`]),
    ...(certificateRequest === null ? [] : [msg`Certificate request: ${certificateRequest}`]),
    ...enrolmentLines(enrolment),
    ...skippedPorts.map(({ port, why }) => msg`Left out ${port}: ${why}`),
    ...warnings.map((warning) => msg`warning: ${problemMessage(warning)}`),
    msg`Next:`,
    ...next.map((step) => msg`- ${step}`),
  ];
}

function enrolmentLines(enrolment: Enrolment | null): Message[] {
  if (enrolment === null) return [];
  if ('failed' in enrolment) return [msg`No user was created: ${enrolment.failed}`];
  const { user, oneTimePassword, untilMs } = enrolment;
  return [
    msg`Console user ${user}, one-time password: ${oneTimePassword}`,
    msg`Valid until ${`${new Date(untilMs).toISOString().slice(0, 16)}Z`}, shown only now. The first login asks for a new one.`,
  ];
}
