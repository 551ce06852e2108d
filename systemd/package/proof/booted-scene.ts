/**
 * What each part of the proof under systemd uses: the booted root, and the questions that are put to it.
 */
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Arch } from '../arch.ts';
import type { BootedRoot } from './booted-root.ts';
import type { DebianRoot, Ended } from './debian-root.ts';
import type { ReportStep } from './step.ts';
import type { ProofTerminal } from './terminal.ts';

export const AGENT_UNIT = 'luciole.service';
export const CONSOLE_UNIT = 'luciole-console@ttyS0.service';
/** Until something that should happen has. Units: ms. Source: assumed; far more than any step took on a busy machine. Confirmed by: the times of this proof on other machines. */
const WITHIN_MS = 90_000;
const LOOK_MS = 250;

export interface BootedLife {
  /** `update`: the newer release as an update file; `key`: the public key that signed it, PEM. */
  readonly debs: { readonly first: string; readonly newer: string; readonly update: string; readonly key: string };
  readonly version: string;
  readonly newer: string;
  readonly arch: Arch;
  readonly report: ReportStep;
}

/** The booted root with what the parts of the proof need. `ttys`: names of the street's serial ports under /dev of the root. */
export interface BootedScene extends BootedLife {
  readonly root: DebianRoot;
  readonly at: BootedRoot;
  readonly terminal: ProofTerminal;
  readonly ttys: readonly string[];
}

export const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Checks a condition about four times a second. Resolves with true as soon as it holds, with false if it does not within `withinMs`.
 * Units: ms. Errors: rejects if the check fails.
 */
export async function waitUntil(holds: () => boolean | Promise<boolean>, withinMs = WITHIN_MS): Promise<boolean> {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await pauseMs(LOOK_MS)) if (await holds()) return true;
  return false;
}

/** Returns the value of a property of a unit as text; empty if there is none. Source: systemctl(1), show. */
export function unitProperty({ at }: Pick<BootedScene, 'at'>, unit: string, property: string): string {
  return at.run('systemctl', 'show', '--value', '--property', property, unit).out.trim();
}

export const activeState = (scene: BootedScene, unit: string): string => unitProperty(scene, unit, 'ActiveState');
export const mainPid = (scene: BootedScene, unit = AGENT_UNIT): string => unitProperty(scene, unit, 'MainPID');

/**
 * Writes lines of `[Service]` as the drop-in `name.conf` of a unit, replacing one of this name, and reloads systemd. A running unit is not
 * restarted.
 */
export function writeDropIn({ at }: Pick<BootedScene, 'at'>, unit: string, name: string, ...lines: readonly string[]): void {
  const dir = `/etc/systemd/system/${unit}.d`;
  at.runWith(`[Service]\n${lines.join('\n')}\n`, 'sh', '-c', `mkdir -p ${dir} && cat > ${dir}/${name}.conf && systemctl daemon-reload`);
}

/** Copies a file of this machine to /var/tmp of the root. Returns its path there. */
export function bringFile({ root }: Pick<BootedScene, 'root'>, file: string): string {
  copyFileSync(file, join(root.dir, 'var/tmp', basename(file)));
  return `/var/tmp/${basename(file)}`;
}

export function installDeb(scene: BootedScene, deb: string): Ended {
  return scene.at.run('dpkg', '-i', bringFile(scene, deb));
}

/** Returns the status of the agent; an empty object if the agent does not answer. `T`: the part that the caller reads. */
export function agentStatus<T>({ at }: BootedScene): Partial<T> {
  const { code, out } = at.run('luciole', 'status', '--json');
  return code === 0 ? (JSON.parse(out) as Partial<T>) : {};
}

/** Waits until the store has `atLeast` frames, for 90 s at most. Resolves with the number that it has then, which may be smaller. */
export async function waitForReadings(scene: BootedScene, atLeast: number): Promise<number> {
  let rows = 0;
  await waitUntil(() => {
    rows = agentStatus<{ store: { lastSeq?: number } }>(scene).store?.lastSeq ?? 0;
    return rows >= atLeast;
  });
  return rows;
}
