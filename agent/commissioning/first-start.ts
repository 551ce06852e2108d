/**
 * The first start of a cabinet: from serial ports and a few answers to a file that lights the street.
 *
 * Owns the order of things and what is written.ts` for `luciole setup`.
 * Nothing but the answers so far is written before the end, so it may be broken off at any time and begun again.
 */
import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readProfiles } from '../../drivers/registry.ts';
import { checkConfig } from '../config/load/load-site.ts';
import { readPlacedYaml } from '../config/load/places.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';
import { wrap } from '../console/text/text-lines.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import { formatProblem, type Problem } from '../core/errors.ts';
import { replaceFile } from '../core/replace-file.ts';
import { refuseWhileAgentRuns } from './agent-absent.ts';
import { type AskLine, type InterviewParts, interview, isUnanswered } from './ask-questions.ts';
import { cabinetText } from './cabinet-text.ts';
import { type Enrolment, firstAdmin } from './first-user.ts';
import { keyFilesIn, makeKeyRequest } from './key-files.ts';
import { propose, type SiteDraft } from './propose.ts';
import type { Question, TypedAnswers } from './questions.ts';
import { keptSayings, readSetupRequest, sayingsOfCabinet } from './setup-answers.ts';
import { isYes, type SkippedPort, survey } from './survey.ts';

export interface SetupWorld {
  readonly terminal: Terminal;
  readonly configFile: string;
  /** Null where nobody can be asked. */
  readonly ask: AskLine | null;
  readonly signal: AbortSignal;
}

/** What `--json` prints. */
interface SetupReport {
  readonly file: string;
  readonly wrote: boolean;
  /** The former file; null when there was none. */
  readonly backup: string | null;
  readonly lines: readonly { id: string; port: string; devices: number; unknownUnits: readonly number[]; damaged: readonly number[] }[];
  readonly skippedPorts: readonly SkippedPort[];
  readonly lamps: number;
  readonly certificateRequest: string | null;
  /** Null where no user was wanted; with a reason where none could be made. */
  readonly enrolment: Enrolment | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly next: readonly string[];
}

/** Two masters on one line would take each other's answers. */
const BESIDE_AGENT =
  'an agent is running and has the lines: stop it first (systemctl stop luciole), or ask it instead: luciole bus scan LINE';
/** Source: the cabinet's own default. */
const USUAL_DATA = '/var/lib/luciole';
const USUAL_PROFILES = '/etc/luciole/profiles';
const EXIT_BAD_CONFIG = 78;

const GREETING = 'Nothing is written before the end, and Ctrl-C leaves all as it is. An empty answer takes what stands in [brackets].';

/** Resolves with the exit code. Errors: rejects with ConsoleError for all that a person can put right. */
export async function runSetup(args: LocalArgs, world: SetupWorld): Promise<number> {
  const { terminal } = world;
  const file = resolve(world.configFile);
  const isJson = args['json'] === true;
  const wishes = readSetupRequest(args);
  const options = { force: args['force'] === true, dryRun: args['dry-run'] === true };
  await refuseWhileAgentRuns(args, terminal, BESIDE_AGENT);
  if (!options.dryRun) refuseUnwritable(file, options.force);
  const ask = wishes.isQuiet ? null : world.ask;
  const print = (text: string): void => terminal.out(`${text}\n`);
  const tell = (line: string): void => {
    if (isJson || options.dryRun) return;
    const indent = /^ */.exec(line)?.[0] ?? '';
    for (const part of wrap(line.trimStart(), terminal.widthCols - indent.length)) print(indent + part);
  };
  const answersFile = `${file}.answers`;
  const parts: InterviewParts = {
    ask,
    tell,
    machine: { hostname: hostname(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    proposed: ask === null ? {} : { ...sayingsOfCabinet(file), ...keptSayings(answersFile) },
    keep: (said) => {
      if (!options.dryRun) replaceFile(answersFile, JSON.stringify(said), { mode: 0o600, backup: null });
    },
  };
  if (ask !== null) tell(GREETING);
  const site = await answered('site', wishes.said, parts);
  const { profiles } = readProfiles([USUAL_PROFILES], readPlacedYaml);
  const found = await survey({ wishes, profiles, ask, tell, status: isJson ? null : terminal.status, signal: world.signal });
  // Without lamps nothing is asked of them, and the usual answers are never used.
  const draftOf = (said: TypedAnswers): SiteDraft => propose(found.lines, found.choice, Number(said['spacing'] ?? 0));
  const hasLamps = draftOf(site).lamps.length > 0;
  const street = await answered('street', site, hasLamps ? parts : { ...parts, ask: null });
  const platform = await answered('uplink', street, parts);
  const said = await answered('access', platform, parts);
  const draft = draftOf(said);
  const keys = said['broker']?.startsWith('mqtts:') === true ? keyFilesIn(dirname(file)) : null;
  const dataDir = typeof args['data-dir'] === 'string' ? resolve(args['data-dir']) : null;
  const passwordFile = (said['username'] ?? '') === '' ? null : join(dirname(file), 'uplink.password');
  const text = cabinetText({ said: { username: '', ...said }, draft, keyFiles: keys, passwordFile, dataDir });
  const { problems, warnings } = await checkConfig({ configFile: file, text });
  const isSound = problems.length === 0;
  if (ask !== null && isSound && !options.dryRun && !isYes(await ask(`Write ${file}? yes or no [yes]: `)))
    throw new ConsoleError('failed', 'nothing was written');
  const wrote = isSound && !options.dryRun;
  const backup = wrote && existsSync(file) ? `${file}.bak` : null;
  if (wrote) {
    if (keys !== null) makeKeyRequest(keys, said['id'] ?? '');
    replaceFile(file, text, { mode: 0o644, backup });
    asOwnerOf(dirname(answersFile), () => rmSync(answersFile, { force: true }));
  }
  const admin = said['admin'] ?? '';
  const enrolment = wrote && admin !== '' ? await firstAdmin(admin, { dir: dataDir ?? USUAL_DATA, cabinetId: said['id'] ?? '' }) : null;
  const report: SetupReport = {
    file,
    wrote,
    backup,
    lines: draft.lines.map(({ id, port, devices, strangers, damaged }) => ({
      id,
      port,
      devices: devices.length,
      unknownUnits: strangers.map(({ unit }) => unit),
      damaged,
    })),
    skippedPorts: found.skipped,
    lamps: draft.lamps.length,
    certificateRequest: wrote ? (keys?.requestFile ?? null) : null,
    enrolment,
    problems,
    warnings,
    next: nextSteps({ file, keys, passwordFile, draft }),
  };
  if (isJson) print(JSON.stringify(options.dryRun ? { ...report, text } : report));
  else if (!isSound) terminal.err(`${problems.map(formatProblem).join('\n')}\n`);
  else if (options.dryRun) terminal.out(text);
  else for (const line of summary(report)) tell(line);
  return isSound ? 0 : EXIT_BAD_CONFIG;
}

/** Errors: throws ConsoleError 'usage' that names all that is missing or wrong. */
async function answered(part: Question['part'], said: TypedAnswers, parts: InterviewParts): Promise<TypedAnswers> {
  const result = await interview(part, said, parts);
  if (!isUnanswered(result)) return result;
  throw new ConsoleError('usage', `these must be said (as options, in --answers, or on a terminal):\n${result.missing.join('\n')}`);
}

/** Before the first question, not after the last. */
function refuseUnwritable(file: string, isForced: boolean): void {
  if (existsSync(file) && !isForced)
    throw new ConsoleError('failed', `${file} is there already: --force replaces it and keeps it as ${file}.bak, --dry-run only shows`);
  const folder = dirname(file);
  try {
    asOwnerOf(folder, () => mkdirSync(folder, { recursive: true }));
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError(
      'failed',
      `${folder} cannot be written (${error.code}): use sudo, or name another file: luciole setup cabinet.yaml`,
      {
        cause: error,
      },
    );
  }
}

interface NextParts {
  readonly file: string;
  readonly keys: ReturnType<typeof keyFilesIn> | null;
  readonly passwordFile: string | null;
  readonly draft: SiteDraft;
}

function nextSteps({ file, keys, passwordFile, draft }: NextParts): string[] {
  const unknown = draft.lines.some(({ strangers }) => strangers.length > 0);
  return [
    ...(unknown ? [`Say what the unknown units are: they stand as comments in ${file}; --prefer and --device say it beforehand.`] : []),
    ...(keys === null ? [] : [`Have ${keys.requestFile} signed by the platform's authority and put the certificate to ${keys.certFile}.`]),
    ...(passwordFile === null ? [] : [`Put the password of the broker into ${passwordFile}, then chmod 0400 and chown luciole.`]),
    `luciole check ${file}`,
    `luciole run ${file}, or as a service: systemctl enable --now luciole`,
    ...(draft.lamps.length === 0 ? [] : ['luciole walk-test: one lamp after the other, to see which pole each is.']),
  ];
}

function summary({ file, backup, lines, skippedPorts, lamps, certificateRequest, enrolment, warnings, next }: SetupReport): string[] {
  const devices = lines.reduce((sum, line) => sum + line.devices, 0);
  return [
    '',
    `Wrote ${file}: ${lamps} lamps, ${devices} devices, ${lines.length} lines.${backup === null ? '' : ` The former one is ${backup}.`}`,
    ...(certificateRequest === null ? [] : [`Certificate request: ${certificateRequest}`]),
    ...enrolmentLines(enrolment),
    ...skippedPorts.map(({ port, why }) => `Left out ${port}: ${why}`),
    ...warnings.map((warning) => `warning: ${formatProblem(warning)}`),
    'Next:',
    ...next.map((step) => `- ${step}`),
  ];
}

function enrolmentLines(enrolment: Enrolment | null): string[] {
  if (enrolment === null) return [];
  if ('failed' in enrolment) return [`No user was made: ${enrolment.failed}`];
  const { user, oneTimePassword, untilMs } = enrolment;
  return [
    `Console user ${user}, one-time password: ${oneTimePassword}`,
    `Good until ${new Date(untilMs).toISOString().slice(0, 16)}Z, shown only now. At the first login another is chosen.`,
  ];
}
