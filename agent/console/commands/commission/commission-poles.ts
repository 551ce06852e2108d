/** `commission poles`: puts the poles that a person found into the configuration, as a revision on trial. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { ConfigAnswer, ConfigManager } from '../../../core/revisions.ts';
import type { AgentView } from '../../../core/views.ts';
import { ACT_TIMEOUT_MS, agentCommand } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { translated } from '../../text/page.ts';
import { CHECK_TIMEOUT_MS, configOf, isConfigDone } from '../config/config-args.ts';
import { commitRequest } from '../config/config-commit.ts';
import { onStreet } from '../light/light-args.ts';
import { addedPole, poleEdits } from './pole-edits.ts';

/**
 * The answer of `commission poles`. `moved`: the lamps that were found on another pole (`to`) than the configured one (`from`). It may be
 * empty although there was a commit: only the distance of a pole was changed. `commit`: the answer of the commit, which may be a refusal;
 * null if nothing has to change.
 */
export interface CommissionPoles {
  readonly moved: readonly { readonly lamp: string; readonly from: string; readonly to: string }[];
  readonly commit: ConfigAnswer | null;
}

/** Length of the trial. Units: min. Source: the usual one of `config commit`. */
const TRIAL_MIN = 10;

/**
 * `commission poles`: puts the poles where the lamps were found into the configuration, as a commit on trial. Poles that nothing is on any
 * more are removed if possible. If something has to change, it fails if the person has a candidate already.
 */
export const COMMISSION_POLES = agentCommand<Record<string, never>, CommissionPoles>({
  name: 'commission poles',
  role: 'technician',
  group: 'Act:',
  summary: msg`put the poles that were found into the configuration`,
  timeoutMs: CHECK_TIMEOUT_MS + ACT_TIMEOUT_MS,
  examples: ['luciole commission poles', 'luciole commission poles --json'],
  answer: (view, _, job) => onStreet(() => movePoles(view, job)),
  render: async ({ moved, commit }, page) => {
    if (commit === null) return translated(msg`the configuration has every lamp on the pole where it was found`, page);
    const { renderCommit } = await import('../config/config-page.ts');
    const lines = moved.map(({ lamp, from, to }) => `${lamp}: ${from} -> ${to}`);
    return [...lines, renderCommit(commit, page, { mode: 'auto', minutes: TRIAL_MIN })].join('\n');
  },
  succeeded: ({ commit }) => commit === null || isConfigDone(commit),
  audit: ({ moved }) => ({ moved: moved.map(({ lamp }) => lamp) }),
});

/** Errors: rejects with ConsoleError 'failed', for example if the person has a candidate already. */
async function movePoles(view: AgentView, job: Job): Promise<CommissionPoles> {
  const { lamps: rows } = await view.acceptance.report();
  const inForce = (place: string): string | null => view.config?.inForce(place)?.value ?? null;
  const files = await view.config?.files('running', job.source);
  const { importTarget } = await import('../../../config/import/import.ts');
  const own = new Set(importTarget(files?.cabinet ?? '')?.lamps.flatMap(({ id, pole }) => (pole === undefined ? [] : [id])));
  const facts = { rows, lamps: view.acceptance.lamps(), devices: view.devices(), inForce, hasOwnPole: (lamp: string) => own.has(lamp) };
  const { moved, edits, emptied } = poleEdits(facts);
  if (edits.length === 0) return { moved: [], commit: null };
  const manager = configOf(view);
  const by = job.source;
  if (manager.view(by).candidate !== null)
    throw new ConsoleError('failed', msg`you have begun another change: \`config commit\` or \`config discard\` first`);
  try {
    for (const [place, value] of edits) await edited(manager, place, value, by);
    await removeEmptied(manager, emptied, inForce, by);
    const why = msg`poles found at the commissioning: ${count(moved.length, 'lamp')}`;
    const commit = await manager.commit({ ...commitRequest({ mode: 'auto', minutes: TRIAL_MIN, why: '', lowersFloor: false }, job), why });
    return { moved: moved.map(({ lamp, pole, placement }) => ({ lamp, from: pole, to: placement.pole })), commit };
  } finally {
    // A committed candidate is gone already.
    if (manager.view(by).candidate !== null) await manager.discard(by);
  }
}

/** Removes the poles that nothing is on. If something else of the cabinet refers to one of them, all of them stay. */
async function removeEmptied(
  manager: ConfigManager,
  emptied: readonly string[],
  inForce: (place: string) => string | null,
  by: string,
): Promise<void> {
  if (emptied.length === 0) return;
  for (const pole of emptied) await edited(manager, `poles[${pole}]`, null, by);
  if (isConfigDone(await manager.check(by))) return;
  for (const pole of emptied) {
    const [place, value] = addedPole(pole, inForce(`poles[${pole}].atM`) ?? '0', inForce(`poles[${pole}].branch`));
    await edited(manager, place, value, by);
  }
}

/** Errors: rejects with ConsoleError 'failed' if the value is refused. */
async function edited(manager: ConfigManager, path: string, value: string | null, by: string): Promise<void> {
  const answer = await manager.set(path, value, by);
  if (!isConfigDone(answer)) throw new ConsoleError('failed', msg`${path}: ${answer.reason}`);
}
