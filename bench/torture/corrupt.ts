/**
 * `torture corrupt`: a whole agent on a damaged data folder, once for each kind of damage to each of its files.
 *
 * Owns the folders and what each run must show: light immediately, an event about the damage, readings committed again, all without a restart.
 */

import { cpSync, existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StoreCheck } from '../../agent/core/ports.ts';
import type { AgentEvent } from '../../agent/core/words.ts';
import { scratchFolder } from '../undo.ts';
import { type AgentRun, type AgentStreet, openAgentStreet } from './agent-street.ts';
import { copiesOf, DAMAGES, type Damage, inflict } from './damages.ts';
import type { TortureOptions } from './torture.ts';
import { makeUsedFolder } from './used-folder.ts';

/** From the start of its process to the first level on the wire. Units: ms. Source: the number to reach. */
const LIGHT_WITHIN_MS = 5_000;
/** Units: ms. Source: assumed; a commit a second, reading through a day's backlog, and a machine that does other things. Confirmed by: the times of this run on the gateway. */
const WORD_WITHIN_MS = 20_000;
/** What replaces a file of which there is a sound copy, and one of which there is none. */
const REPLACED = { copy: /restored from/, nothing: /a fresh file was begun/ };
const FILES = ['telemetry.db', 'state.db'] as const;
type File = (typeof FILES)[number];
/** A short run has one damage that is found at opening and one that only a checksum finds. */
const QUICK: Readonly<Record<File, string>> = { 'telemetry.db': 'bytes-flipped', 'state.db': 'cut-in-half' };

/** Damages each file of the store in each way and starts an agent on it. Resolves with whether it survived every damage. */
export async function corruptTorture({ quick, emit, progress }: TortureOptions): Promise<boolean> {
  const { dir, remove } = scratchFolder('tc');
  const street = await openAgentStreet(dir);
  let isClean = true;
  try {
    const used = join(dir, 'used');
    progress('corrupt: a data folder that has been in use');
    await makeUsedFolder(street, used);
    for (const file of FILES) {
      for (const damage of DAMAGES.filter(({ name, only = file }) => only === file && (!quick || name === QUICK[file]))) {
        const dataDir = join(dir, 'data');
        rmSync(dataDir, { recursive: true, force: true });
        cpSync(used, dataDir, { recursive: true });
        inflict(damage, join(dataDir, file));
        const seen = await survive(street, dataDir, { file, damage, isTimed: !quick });
        for (const text of seen.problems) progress(`corrupt: ${file} ${damage.name}: ${text}`);
        isClean &&= seen.problems.length === 0;
        emit({ torture: 'corrupt', ok: seen.problems.length === 0, file, damage: damage.name, ...seen.figures });
      }
    }
  } finally {
    await street.close();
    remove();
  }
  return isClean;
}

interface Seen {
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, string | number>>;
}

interface Doing {
  readonly file: File;
  readonly damage: Damage;
  /** Whether the time until light counts; a short run only shows that it comes. */
  readonly isTimed: boolean;
}

async function survive(street: AgentStreet, dataDir: string, done: Doing): Promise<Seen> {
  const run = street.run(dataDir);
  const problems: string[] = [];
  const figures: Record<string, string | number> = {};
  try {
    const { firstMs, allMs } = await run.lit();
    Object.assign(figures, { firstLevelMs: firstMs, allLampsMs: allMs });
    if (done.isTimed && firstMs > LIGHT_WITHIN_MS)
      problems.push(`the first level was on the wire after ${firstMs} ms, expected ${LIGHT_WITHIN_MS}`);
    Object.assign(figures, await hear(run, done));
    const stored = await run.until(run.status, ({ store }) => store.state === 'ok' && store.readingsStored > 0, WORD_WITHIN_MS);
    Object.assign(figures, { storedMs: stored.afterMs, store: stored.answer.store.state });
    if (!stored.answer.store.account.isBalanced)
      problems.push(`the account is out of balance: ${JSON.stringify(stored.answer.store.account)}`);
    if (done.damage.answer === 'replaced') problems.push(...replacedProblems(join(dataDir, done.file), String(figures['told'])));
    const code = await run.stop();
    if (code !== 0) problems.push(`the agent ended with ${code}`);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  await run.kill();
  return { problems, figures };
}

function replacedProblems(path: string, reported: string): readonly string[] {
  const by = copiesOf(path).some((copy) => statSync(copy).size > 0) ? REPLACED.copy : REPLACED.nothing;
  return [
    ...(by.test(reported) ? [] : [`"${reported}", expected "${by.source}"`]),
    ...(existsSync(join(dirname(path), 'quarantine', basename(path))) ? [] : ['nothing lies in quarantine']),
  ];
}

/** The event about the damage, and the time until it was reported. */
async function hear(run: AgentRun, { file, damage }: { file: File; damage: Damage }): Promise<Seen['figures']> {
  if (damage.answer === 'mended') return { told: '' };
  // The agent itself does not read old events and outcomes. Damage in unread rows is found by the check.
  if (damage.answer === 'reported' && file === 'state.db') return heardFromCheck(run, file);
  const isWord = ({ code, source }: AgentEvent): boolean =>
    (code === 'store-trouble' && source === file) || (code === 'readings-lost' && source === 'corrupt');
  const { answer, afterMs } = await run.until(run.events, (events) => events.some(isWord), WORD_WITHIN_MS);
  return { told: String(answer.find(isWord)?.text ?? ''), toldMs: afterMs };
}

async function heardFromCheck(run: AgentRun, file: File): Promise<Seen['figures']> {
  const check = (await run.ask('store check')) as StoreCheck;
  const [problem] = check.files.filter((found) => found.file.endsWith(file)).flatMap(({ problems }) => problems);
  if (problem === undefined) throw new Error(`a check finds nothing: ${JSON.stringify(check)}`);
  return { told: String(problem) };
}
