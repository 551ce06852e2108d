/** `rollout`: files of the configuration for many cabinets, in waves. */
import { readFileSync } from 'node:fs';
import { type RolloutPlan, type RolloutReport, type RolloutTarget, rollOut } from '../commands/rollout.ts';
import { isConfigComment, isConfigFile, mostBytesOf } from '../core/config-upload.ts';
import { PlatformFailure } from '../core/errors.ts';
import { planWaves, ROLLOUT_RULES, type RolloutRules } from '../core/waves.ts';
import { openDatabase, type RunQuery } from '../database/postgres.ts';
import { cabinetsOf } from '../database/rollout-commands.ts';
import { type HostCommandOptions, numberOption } from './options.ts';

/** The longest trial that a cabinet accepts. Source: docs/platform.md, "Configuration". Units: min. */
const LONGEST_TRIAL = 168;
/** Silence counts after the trial and this time. Units: ms. Source: a reconnect after a back-off takes up to 2 min. */
const BACK_MS = 120_000;
const MINUTE_MS = 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a rollout and prints its steps; as text, without the cabinets that confirmed. Resolves with the exit code: 0 if every wave ended
 * without too much trouble and no signal came, otherwise 1. Errors: rejects, for example with PlatformFailure for a wrong option, or
 * without `--cabinet` if no cabinet is online. A cabinet named by it takes part even if it is offline.
 */
export async function runRollout(options: HostCommandOptions): Promise<number> {
  const files = options.words.map(readFileWord);
  if (files.length === 0)
    throw new PlatformFailure('usage', 'write: rollout NAME=FILE…, for example rollout cabinet.yaml=sites/{cabinet}.yaml');
  const database = openDatabase({ url: options.database, connections: 1 });
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    const plan = await planOf(database.query, options, files);
    const print = (step: RolloutReport): void => {
      if (options.isJson) console.log(JSON.stringify(step));
      // Of many cabinets only those with trouble are worth reading.
      else if (step.kind !== 'cabinet' || step.end !== 'confirmed') console.log(lineOf(step));
    };
    const result = await rollOut(database.query, plan, print, stopping.signal);
    const { isComplete, confirmed, reverted, refused, silent, untouched } = result;
    const counts = `confirmed ${confirmed}, reverted ${reverted}, refused ${refused}, silent ${silent}, untouched ${untouched}`;
    console.log(options.isJson ? JSON.stringify({ kind: 'end', ...result }) : `${isComplete ? 'complete' : 'stopped'}: ${counts}`);
    return isComplete ? 0 : 1;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    await database.end();
  }
}

async function planOf(query: RunQuery, options: HostCommandOptions, files: readonly FileWord[]): Promise<RolloutPlan> {
  const { groups, values } = options;
  const names = Array.isArray(values['cabinet']) ? values['cabinet'] : [];
  const known = await cabinetsOf(query, groups, names);
  const missing = names.filter((name) => !known.some(({ node }) => node === name));
  if (missing.length > 0) throw new PlatformFailure('usage', `there is no cabinet "${missing.join('", "')}"`);
  // A cabinet that was named gets its part even if it is offline now.
  const reached = known.filter(({ isOnline }) => isOnline || names.length > 0);
  if (reached.length === 0) throw new PlatformFailure('usage', 'no cabinet is online');
  if (reached.length < known.length) console.error(`${known.length - reached.length} cabinets are offline and left out`);
  const targets = new Map(
    reached.map(({ group, node }): [string, RolloutTarget] => [
      `${group}/${node}`,
      { group, node, files: files.map(({ name, path }) => ({ name, bytes: readConfig(name, path.replaceAll('{cabinet}', node)) })) },
    ]),
  );
  const minutes = trialOption(values['minutes']);
  const rules = rulesOf(values, minutes);
  const waves = planWaves(shuffled([...targets.keys()]), rules).map((wave) => wave.map((key) => targets.get(key) as RolloutTarget));
  const comment = commentOption(values['comment']);
  return { waves, rules, minutes, comment };
}

function rulesOf(values: HostCommandOptions['values'], minutes: number): RolloutRules {
  const { waves, trouble } = values;
  const shares = typeof waves === 'string' ? waves.split(',').map((word) => percent('--waves', word)) : ROLLOUT_RULES.shares;
  const mostTrouble = typeof trouble === 'string' ? percent('--trouble', trouble) : ROLLOUT_RULES.mostTrouble;
  return { shares, mostTrouble, silentAfterMs: minutes * MINUTE_MS + BACK_MS };
}

function percent(name: string, word: string): number {
  const value = Number(word);
  if (word.trim() === '' || !(value >= 0 && value <= 100))
    throw new PlatformFailure('usage', `${name} "${word}": write percents from 0 to 100`);
  return value / 100;
}

function trialOption(text: HostCommandOptions['values'][string]): number {
  const minutes = numberOption('--minutes', text, 10);
  if (!Number.isInteger(minutes) || minutes > LONGEST_TRIAL)
    throw new PlatformFailure('usage', `--minutes: write a whole number from 1 to ${LONGEST_TRIAL}`);
  return minutes;
}

function commentOption(value: HostCommandOptions['values'][string]): string {
  const comment = typeof value === 'string' ? value : '';
  if (!isConfigComment(comment)) throw new PlatformFailure('usage', '--comment: write up to 200 characters, in one line');
  return comment;
}

interface FileWord {
  readonly name: string;
  readonly path: string;
}

function readFileWord(word: string): FileWord {
  const at = word.indexOf('=');
  const name = word.slice(0, Math.max(0, at));
  if (!isConfigFile(name))
    throw new PlatformFailure(
      'usage',
      `"${word}": write NAME=FILE; NAME is cabinet.yaml, profiles/….yaml in small letters, or revision.sig`,
    );
  return { name, path: word.slice(at + 1) };
}

/** Cached: most rollouts have one file for all. */
const texts = new Map<string, Buffer>();

function readConfig(name: string, path: string): Buffer {
  let bytes = texts.get(path);
  try {
    bytes ??= readFileSync(path);
  } catch (error) {
    throw new PlatformFailure('usage', `${path}: ${(error as Error).message}`, error);
  }
  const most = mostBytesOf(name);
  if (bytes.length > most)
    throw new PlatformFailure('usage', `${path}: larger than the ${most / 1_024} KB that a cabinet accepts for ${name}`);
  texts.set(path, bytes);
  return bytes;
}

/** In random order, so that a wave has cabinets of every kind. */
function shuffled(keys: readonly string[]): string[] {
  return keys
    .map((key) => ({ key, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ key }) => key);
}

function lineOf(step: RolloutReport): string {
  if (step.kind === 'wave-began') return `wave ${step.wave} of ${step.of}: ${step.cabinets} cabinets`;
  if (step.kind === 'progress') return `  ${step.ended} of ${step.cabinets} have ended`;
  if (step.kind === 'cabinet') return `  ${step.cabinet}  ${step.end}  ${step.reason}`.trimEnd();
  return `wave ${step.wave}: ${step.confirmed} confirmed, ${step.verdict === 'next' ? 'no trouble above the limit' : 'stopped'}`;
}
