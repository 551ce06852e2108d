/** `commission poles`: puts the poles that a person found into the configuration, as a revision on trial. */
import type { AcceptedLamp, Placement } from '../../../core/acceptance.ts';
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

/** The answer: the moved lamps, and that of the commit; `commit` is null if no lamp has to move. */
export interface CommissionPoles {
  readonly moved: readonly { readonly lamp: string; readonly from: string; readonly to: string }[];
  readonly commit: ConfigAnswer | null;
}

/** Length of the trial. Units: min. Source: the usual one of `config commit`. */
const TRIAL_MIN = 10;

/** `commission poles`: moves the lamps in the configuration to the poles on which they were found. */
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

type Move = AcceptedLamp & { readonly placement: Placement };

/** Errors: rejects with ConsoleError 'failed', for example if the person has a candidate already. */
async function movePoles(view: AgentView, job: Job): Promise<CommissionPoles> {
  const { lamps } = await view.acceptance.report();
  const moves = lamps.filter((lamp): lamp is Move => lamp.placement !== null && lamp.placement.pole !== lamp.pole);
  if (moves.length === 0) return { moved: [], commit: null };
  const manager = configOf(view);
  if (manager.view(job.source).candidate !== null)
    throw new ConsoleError('failed', msg`you have begun another change: \`config commit\` or \`config discard\` first`);
  const edit = (path: string, value: string | null) => edited(manager, path, value, job.source);
  try {
    for (const [place, value] of editsFor(view, lamps, moves)) await edit(place, value);
  } catch (error) {
    await manager.discard(job.source);
    throw error;
  }
  const why = msg`poles found at the commissioning: ${count(moves.length, 'lamp')}`;
  const commit = await manager.commit({ ...commitRequest({ mode: 'auto', minutes: TRIAL_MIN, why: '', lowersFloor: false }, job), why });
  if (!isConfigDone(commit)) await manager.discard(job.source);
  return { moved: moves.map(({ lamp, pole, placement }) => ({ lamp, from: pole, to: placement.pole })), commit };
}

/** Errors: rejects with ConsoleError 'failed' if the value is refused. */
async function edited(manager: ConfigManager, path: string, value: string | null, by: string): Promise<void> {
  const answer = await manager.set(path, value, by);
  if (!isConfigDone(answer)) throw new ConsoleError('failed', msg`${path}: ${answer.reason}`);
}

/** Returns the values to set: new poles, then the poles of drivers and lamps, then null for each pole that nothing is on any more. */
function editsFor(view: AgentView, lamps: readonly AcceptedLamp[], moves: readonly Move[]): readonly (readonly [string, string | null])[] {
  const known = new Set(view.names().poles.map(({ id }) => id));
  const facts = new Map(view.acceptance.lamps().map((lamp) => [lamp.id, lamp]));
  const newPoles = new Map(
    moves.flatMap(({ placement: { pole, atM } }) => (known.has(pole) || atM === null ? [] : [[pole, atM] as const])),
  );
  const moved = new Map(moves.map((move) => [move.lamp, move]));
  const lampsOn = (device: string) => [...facts.values()].filter((lamp) => lamp.device === device);
  const drivers = new Map(
    moves.flatMap(({ lamp, placement }) => {
      const { device = '', line = '' } = facts.get(lamp) ?? {};
      const isTogether = lampsOn(device).every(({ id, pole }) => (moved.get(id)?.placement.pole ?? pole) === placement.pole);
      return isTogether ? [[device, { place: `lines[${line}].devices[${device}].pole`, pole: placement.pole }] as const] : [];
    }),
  );
  const used = new Set([
    ...lamps.map(({ lamp, pole }) => moved.get(lamp)?.placement.pole ?? pole),
    ...view.devices().flatMap(({ id, pole }) => drivers.get(id)?.pole ?? pole ?? []),
  ]);
  const hasOwnPole = (lamp: string): boolean => view.config?.inForce(`lamps[${lamp}].pole`) != null;
  return [
    ...[...newPoles].map(([pole, atM]) => [`poles[${pole}].atM`, String(atM)] as const),
    ...[...drivers.values()].map(({ place, pole }) => [place, pole] as const),
    ...moves
      .filter(({ lamp }) => hasOwnPole(lamp) || !drivers.has(facts.get(lamp)?.device ?? ''))
      .map(({ lamp, placement }) => [`lamps[${lamp}].pole`, placement.pole] as const),
    ...[...new Set(moves.map(({ pole }) => pole))].filter((pole) => !used.has(pole)).map((pole) => [`poles[${pole}]`, null] as const),
  ];
}
