/** `maintenance start`, `end` and `list`: alarms of a lamp, a zone or the cabinet are recorded but not raised, for a time. */
import { MAINTENANCE_SPAN, type MaintenanceAnswer } from '../../../core/alarm-tools.ts';
import { MINUTE_MS } from '../../../core/durations.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Target } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { parseDuration } from '../../text/duration.ts';
import { findTarget, onStreet } from '../light/light-args.ts';
import { noteArg } from './alarm-args.ts';
import { type MaintenanceLists, renderMaintenance, renderMaintenanceList } from './maintenance-page.ts';

/** The word for the whole cabinet. */
const CABINET = 'cabinet';
const TARGET = { name: 'target', summary: msg`a lamp, a zone, or cabinet for all of it`, required: true, names: 'target' } as const;

const start = agentCommand({
  name: 'maintenance start',
  role: 'technician',
  group: 'Act:',
  summary: msg`record alarms but raise none, for a time`,
  arguments: [TARGET],
  options: [
    { name: 'for', value: 'DURATION', summary: msg`how long, 1m to 24h, as 30m or 2h; it must be given` },
    { name: 'reason', value: 'TEXT', summary: msg`why, for the record` },
  ],
  examples: ['luciole maintenance start L07 --for 2h --reason "new driver"', 'luciole maintenance start cabinet --for 30m'],
  read: (args) => ({
    target: textArg(args, 'target'),
    durationMs: parseDuration(args['for'] === undefined ? missing() : textArg(args, 'for'), MAINTENANCE_SPAN.site),
    reason: noteArg(args, 'reason'),
  }),
  answer: (view, { target, durationMs, reason }, { source }): Promise<MaintenanceAnswer> =>
    onStreet(() =>
      view.alarms.maintain({ target: maintainedTarget(view, target), minutes: durationMs / MINUTE_MS, reason, source, owner: 'site' }),
    ),
  render: renderMaintenance,
  succeeded: ({ isSaved }) => isSaved,
});

const end = agentCommand({
  name: 'maintenance end',
  role: 'technician',
  group: 'Act:',
  summary: msg`end it: what is still wrong raises its alarm`,
  arguments: [TARGET],
  examples: ['luciole maintenance end L07', 'luciole maintenance end cabinet'],
  read: (args) => ({ target: textArg(args, 'target') }),
  answer: (view, { target }, { source }): Promise<MaintenanceAnswer> =>
    onStreet(() => view.alarms.maintain({ target: maintainedTarget(view, target), minutes: null, reason: '', source, owner: 'site' })),
  render: (result, page) => renderMaintenance(result, page, true),
  succeeded: ({ isSaved }) => isSaved,
});

const list = agentCommand({
  name: 'maintenance list',
  role: 'viewer',
  group: 'Look:',
  summary: msg`which maintenance is in force, what it suppressed`,
  examples: ['luciole maintenance list', 'luciole maintenance list --json'],
  answer: (view): MaintenanceLists => ({ inForce: view.alarms.maintenance(), ended: view.alarms.ended() }),
  render: renderMaintenanceList,
});

/** The commands `maintenance start`, `maintenance end` and `maintenance list`. During maintenance, alarms are recorded but not raised. */
export const MAINTENANCE_COMMANDS: readonly ConsoleCommand[] = [start, end, list];

function missing(): never {
  throw new ConsoleError('usage', msg`give its length: --for 2h; maintenance always has an end`);
}

/** Returns the lamp or zone with this name, otherwise the cabinet for its word: a part is the smaller of the two. Errors: as `findTarget`. */
function maintainedTarget(view: AgentView, typed: string): Target {
  const { lamps, zones } = view.names();
  const isPart = [...lamps, ...zones].some((name) => name.toLowerCase() === CABINET);
  return typed.toLowerCase() === CABINET && !isPart ? { kind: 'cabinet', id: '' } : findTarget(view, typed);
}
