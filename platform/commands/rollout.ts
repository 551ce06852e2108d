/**
 * Brings a configuration to a fleet in waves, by commands in the database, and stops where cabinets have trouble.
 *
 * The process `commands` sends them. What is under way when this program ends stays under way; no further wave begins.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { applyCommand, uploadCommands } from '../core/config-upload.ts';
import { judgeWave, type RolloutEnd, type RolloutRules } from '../core/waves.ts';
import type { RunQuery } from '../database/postgres.ts';
import { type CommandState, insertCommands, type KnownCabinet, statesOf, withdrawCommands } from '../database/rollout-commands.ts';

/** One cabinet of a rollout, with the files that it gets. `name`: as at the cabinet, such as `cabinet.yaml`. */
export interface RolloutTarget extends Pick<KnownCabinet, 'group' | 'node'> {
  readonly files: readonly { readonly name: string; readonly bytes: Buffer }[];
}

/**
 * What is rolled out, to whom, wave after wave. `rules`: when a wave is over and when it stops the rollout; its `shares` are not used.
 * `minutes`: the longest trial at each cabinet, 1 to 168. `comment`: why, at most 200 characters; empty for none.
 */
export interface RolloutPlan {
  readonly waves: readonly (readonly RolloutTarget[])[];
  readonly rules: RolloutRules;
  readonly minutes: number;
  readonly comment: string;
}

/**
 * How one cabinet of a wave ended. `silent`: it reported no end in time, or before the rollout was stopped. `reason`: in English, empty for
 * none. Units: `seconds` from the insertion of `apply` to its end; null without such an end.
 */
export interface CabinetEnd {
  readonly cabinet: string;
  readonly group: string;
  readonly end: RolloutEnd | 'silent';
  readonly reason: string;
  readonly seconds: number | null;
}

/**
 * What a rollout reports. `wave`: from 1. `progress`: another number of cabinets of this wave has ended. `cabinet`: after a wave, once for
 * each of its cabinets, also silent ones; then `wave-ended`.
 */
export type RolloutReport =
  | { readonly kind: 'wave-began'; readonly wave: number; readonly of: number; readonly cabinets: number }
  | ({ readonly kind: 'cabinet' } & CabinetEnd)
  | { readonly kind: 'wave-ended'; readonly wave: number; readonly verdict: 'next' | 'stop'; readonly confirmed: number }
  | { readonly kind: 'progress'; readonly wave: number; readonly ended: number; readonly cabinets: number };

/**
 * How a rollout ended. `isComplete`: every wave ended without too much trouble, and the signal was not aborted. The others are numbers of
 * cabinets; `untouched`: those of waves that did not begin.
 */
export interface RolloutResult {
  readonly isComplete: boolean;
  readonly confirmed: number;
  readonly reverted: number;
  readonly refused: number;
  readonly silent: number;
  readonly untouched: number;
}

/** Between two looks at the table. Units: ms. Source: assumed; a trial takes 15 s at least. Confirmed by: rollouts in a city. */
const LOOK_MS = 500;
/** Bytes of files that one statement inserts, and those of one cabinet more. Source: assumed; far below the 512 MB of a string in V8, with base64 and quotes. Confirmed by: the memory of rollouts in a city. */
const PORTION_BYTES = 4 * 1_024 * 1_024;
/** A cabinet that is away for a moment receives it when it is back. Units: s. Source: assumed; a reconnect after a back-off takes minutes. Confirmed by: rollouts in a city. */
const EXPIRES_S = 300;

/**
 * Runs the waves, one after the other, until one has too much trouble or `signal` is aborted. Then the commands of this wave that no
 * cabinet has answered are withdrawn; what a cabinet has begun goes on. After trouble its end is awaited, up to `silentAfterMs` of the
 * wave; after `signal` it is not. Errors: as `query`; the commands in the database then stay.
 */
export async function rollOut(
  query: RunQuery,
  plan: RolloutPlan,
  report: (step: RolloutReport) => void,
  signal: AbortSignal,
): Promise<RolloutResult> {
  const counts = { confirmed: 0, reverted: 0, refused: 0, silent: 0, untouched: 0 };
  let isStopped = false;
  for (const [index, targets] of plan.waves.entries()) {
    if (isStopped || signal.aborted) {
      counts.untouched += targets.length;
      continue;
    }
    report({ kind: 'wave-began', wave: index + 1, of: plan.waves.length, cabinets: targets.length });
    const wave = new Wave(query, targets, plan);
    const verdict = await wave.run((ended) => report({ kind: 'progress', wave: index + 1, ended, cabinets: targets.length }), signal);
    for (const ended of wave.ended()) {
      counts[ended.end] += 1;
      report({ kind: 'cabinet', ...ended });
    }
    isStopped = verdict === 'stop';
    report({ kind: 'wave-ended', wave: index + 1, verdict, confirmed: wave.confirmed });
  }
  return { isComplete: !isStopped && !signal.aborted, ...counts };
}

interface Cabinet {
  readonly target: RolloutTarget;
  /** Ids of commands that have not ended. */
  readonly open: Set<string>;
  applyId: string | null;
  /** Why a command that was not answered was withdrawn. */
  withdrawn: string | null;
  end: { readonly kind: RolloutEnd; readonly reason: string; readonly seconds: number | null } | null;
}

/** One wave: each cabinet gets its files, then `apply` as soon as it has them all. */
class Wave {
  readonly #query: RunQuery;
  readonly #plan: RolloutPlan;
  readonly #cabinets = new Map<string, Cabinet>();

  constructor(query: RunQuery, targets: readonly RolloutTarget[], plan: RolloutPlan) {
    this.#query = query;
    this.#plan = plan;
    for (const target of targets)
      this.#cabinets.set(`${target.group}/${target.node}`, { target, open: new Set(), applyId: null, withdrawn: null, end: null });
  }

  get confirmed(): number {
    return [...this.#cabinets.values()].filter(({ end }) => end?.kind === 'confirmed').length;
  }

  /** Every cabinet with its end, those without one as silent. */
  ended(): CabinetEnd[] {
    return [...this.#cabinets.values()].map(({ target, end, withdrawn }) => ({
      ...{ cabinet: target.node, group: target.group, end: end?.kind ?? 'silent' },
      reason: end?.reason ?? withdrawn ?? 'no end was reported in time',
      seconds: end?.seconds ?? null,
    }));
  }

  /** After too much trouble, what was not answered is withdrawn, and the ends of what was are awaited. */
  async run(onProgress: (ended: number) => void, signal: AbortSignal): Promise<'next' | 'stop'> {
    const startMs = performance.now();
    await this.#upload();
    let isWithdrawn = false;
    for (let before = 0; ; ) {
      await this.#look(isWithdrawn);
      const ends = this.#ends();
      if (ends.size !== before) onProgress(ends.size);
      before = ends.size;
      const elapsedMs = performance.now() - startMs;
      const { kind } = judgeWave({ wave: [...this.#cabinets.keys()], ends, elapsedMs }, this.#plan.rules);
      if (kind === 'next') return 'next';
      if ((kind === 'stop' || signal.aborted) && !isWithdrawn) {
        await withdrawCommands(this.#query, this.#open());
        isWithdrawn = true;
      } else if (isWithdrawn && (this.#open().length === 0 || elapsedMs >= this.#plan.rules.silentAfterMs || signal.aborted)) return 'stop';
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #ends(): Map<string, RolloutEnd> {
    return new Map([...this.#cabinets].flatMap(([key, { end }]) => (end === null ? [] : [[key, end.kind] as const])));
  }

  #open(): string[] {
    return [...this.#cabinets.values()].flatMap(({ open }) => [...open]);
  }

  async #upload(): Promise<void> {
    let portion: Cabinet[] = [];
    let bytes = 0;
    for (const cabinet of this.#cabinets.values()) {
      portion.push(cabinet);
      bytes += cabinet.target.files.reduce((sum, file) => sum + file.bytes.length, 0);
      if (bytes < PORTION_BYTES) continue;
      await this.#uploadTo(portion);
      [portion, bytes] = [[], 0];
    }
    if (portion.length > 0) await this.#uploadTo(portion);
  }

  async #uploadTo(cabinets: readonly Cabinet[]): Promise<void> {
    const commands = cabinets.flatMap((cabinet) =>
      cabinet.target.files
        .flatMap(({ name, bytes }) => uploadCommands(name, bytes))
        .map((metrics) => ({ cabinet, command: { ...cabinet.target, metrics } })),
    );
    const ids = await insertCommands(
      this.#query,
      commands.map(({ command }) => command),
      EXPIRES_S,
    );
    for (const [i, { cabinet }] of commands.entries()) cabinet.open.add(ids[i] as string);
  }

  async #look(isWithdrawn: boolean): Promise<void> {
    const states = new Map((await statesOf(this.#query, this.#open())).map((state) => [state.id, state]));
    const ready: Cabinet[] = [];
    for (const cabinet of this.#cabinets.values()) {
      for (const id of cabinet.open) this.#note(cabinet, states.get(id), isWithdrawn);
      if (cabinet.open.size === 0 && cabinet.end === null && cabinet.applyId === null && !isWithdrawn) ready.push(cabinet);
    }
    if (ready.length === 0) return;
    const metrics = applyCommand(this.#plan);
    const ids = await insertCommands(
      this.#query,
      ready.map(({ target }) => ({ ...target, metrics })),
      EXPIRES_S,
    );
    for (const [i, cabinet] of ready.entries()) {
      cabinet.applyId = ids[i] as string;
      cabinet.open.add(cabinet.applyId);
    }
  }

  /** A part that is not accepted ends the cabinet's rollout: nothing is in force. The outcome of an expired command may still arrive. */
  #note(cabinet: Cabinet, command: CommandState | undefined, isWithdrawn: boolean): void {
    if (command === undefined || !(command.isEnd || (isWithdrawn && command.state === 'expired'))) return;
    cabinet.open.delete(command.id);
    if (!command.isEnd) cabinet.withdrawn = command.reason;
    if (!command.isEnd || cabinet.end !== null) return;
    const isApply = command.id === cabinet.applyId;
    const [reason, seconds] = [command.reason, isApply ? command.seconds : null];
    if (command.state !== 'verified')
      cabinet.end = { kind: isApply && command.state === 'failed' ? 'reverted' : 'refused', reason, seconds };
    else if (isApply) cabinet.end = { kind: 'confirmed', reason, seconds };
  }
}
