/**
 * `lights on` and `lights auto`: switch the light of the cabinet or of a zone on in an emergency, and back to automatic.
 *
 * `lights on` needs no login: a dark street is an accident.
 */

import { mayUse } from '../../../core/access.ts';
import { HOUR_MS } from '../../../core/durations.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView, OverrideAnswer } from '../../../core/views.ts';
import type { Outcome, Target } from '../../../core/words.ts';
import { ACT_TIMEOUT_MS, agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { parseDuration } from '../../text/duration.ts';
import { findZone } from './light-args.ts';
import { isOverrideKept, isReleased, OVERRIDE_SPAN, readReason } from './override.ts';

const FULL_PCT = 100;
/** Longest time for a caller without override rights, such as a passer-by at an open cabinet. Units: ms. Source: as the key-switch contact `lights-on`. */
const EMERGENCY_MS = 2 * HOUR_MS;
const ZONE_OPTION = { name: 'zone', value: 'ZONE', summary: msg`only this zone` } as const;

/** Returns the zone, or the whole cabinet if none is named. Errors: as `findZone`. */
async function targetOf(view: AgentView, zone: string | null): Promise<Target> {
  return zone === null ? { kind: 'cabinet', id: (await view.status()).cabinet.id } : { kind: 'zone', id: findZone(view, zone) };
}

/**
 * `lights on`: requests 100 % for the lamps of the cabinet or a zone for a limited time, as an emergency. Up to 2 h need no login, a longer
 * time needs the role technician.
 */
export const LIGHTS_ON = agentCommand({
  name: 'lights on',
  role: 'anyone',
  group: 'Act:',
  summary: msg`all lamps to 100 %, for an emergency; no login`,
  arguments: [{ name: 'duration', summary: msg`how long, as 30m; up to 2h without a login, 24h with`, required: true }],
  options: [ZONE_OPTION, { name: 'reason', value: 'TEXT', summary: msg`why, for the record` }],
  examples: ['luciole lights on 30m', 'luciole lights on 2h --zone quay --reason "accident"'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({
    durationMs: parseDuration(textArg(args, 'duration'), OVERRIDE_SPAN),
    zone: args['zone'] === undefined ? null : textArg(args, 'zone'),
    reason: args['reason'] === undefined ? '' : readReason(textArg(args, 'reason')),
  }),
  answer: async (view, { durationMs, zone, reason }, { source, caller }): Promise<OverrideAnswer> => {
    if (durationMs > EMERGENCY_MS && !mayUse(caller.role, 'technician'))
      throw new ConsoleError('denied', msg`lights on for more than 2h needs a login as technician; 2h can be repeated`);
    const target = await targetOf(view, zone);
    const authority = mayUse(caller.role, 'technician') ? 'technician' : 'anyone';
    return view.override({ target, levelPct: FULL_PCT, rank: 'emergency', minutes: durationMs / 60_000, reason, source, authority });
  },
  render: async (result, page) => {
    const { kind, id } = result.target;
    const sooner = kind === 'zone' ? `lights auto --zone ${id}` : 'lights auto';
    return (await import('./override.ts')).renderOutcome(result, page, result.untilMs, sooner);
  },
  succeeded: isOverrideKept,
});

const auto = agentCommand({
  name: 'lights auto',
  role: 'technician',
  group: 'Act:',
  summary: msg`end the emergencies of console and platform`,
  options: [ZONE_OPTION],
  examples: ['luciole lights auto', 'luciole lights auto --zone quay'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ zone: args['zone'] === undefined ? null : textArg(args, 'zone') }),
  answer: async (view, { zone }, { source }): Promise<Outcome> =>
    view.release({ target: await targetOf(view, zone), source, rank: 'emergency', everywhere: zone === null }),
  render: async (result, page) => (await import('./override.ts')).renderOutcome(result, page, null),
  succeeded: isReleased,
});

/**
 * The commands `lights on` and `lights auto`. The latter ends the emergencies that console and platform have set: all, or with `--zone`
 * those on exactly this zone.
 */
export const LIGHTS_COMMANDS: readonly ConsoleCommand[] = [LIGHTS_ON, auto];
