/** `panel show`, `panel set` and `panel clear`: what the information panels show, and a text for a time. */

import { msg } from '../../../core/message.ts';
import type { PanelView } from '../../../core/panel-tools.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Outcome } from '../../../core/words.ts';
import { ACT_TIMEOUT_MS, agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { findName } from '../find-name.ts';
import { renderPanelOutcome, renderPanels } from './panel-page.ts';

/** Source: as for an override, 2 h by default. */
const USUAL_DURATION = '2h';
/** Shortest and longest time of a text, both allowed. Units: ms. Source: the agent's limits for every text, 1 to 1440 min. */
const TEXT_SPAN: SpanLimits = { minMs: 60_000, maxMs: 24 * 3_600_000 };
/** Longest text that is sent; the panel may have a lower limit. Units: characters. Source: as in the configuration. */
const MAX_TEXT = 256;
const PANEL = { name: 'panel', summary: msg`a panel`, required: true, names: 'panel' } as const;
const EMERGENCY = { name: 'emergency', value: null, summary: msg`the emergency text, which is shown before all others` } as const;

const show = agentCommand({
  name: 'panel show',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what the panels show, and why`,
  arguments: [{ ...PANEL, summary: msg`only this panel`, required: false }],
  examples: ['luciole panel show', 'luciole panel show square-panel'],
  read: (args) => ({ panel: args['panel'] === undefined ? null : textArg(args, 'panel') }),
  answer: (view, { panel }): readonly PanelView[] => {
    const views = view.panels.views();
    if (panel === null) return views;
    const id = findPanel(view, panel);
    return views.filter((each) => each.id === id);
  },
  render: renderPanels,
});

const set = agentCommand({
  name: 'panel set',
  role: 'technician',
  group: 'Act:',
  summary: msg`show a text on a panel for a time`,
  arguments: [PANEL, { name: 'text', summary: msg`in quotes; the panel cuts it at a word if it is too long`, required: true }],
  options: [{ name: 'for', value: 'DURATION', summary: msg`how long, 1m to 24h, as 10m, 2h or 1h30m (default: 2h)` }, EMERGENCY],
  examples: [
    'luciole panel set square-panel "Market until 13:00" --for 4h',
    'luciole panel set square-panel "Leave the square" --emergency',
  ],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({
    panel: textArg(args, 'panel'),
    text: readPanelText(textArg(args, 'text')),
    durationMs: parseDuration(args['for'] === undefined ? USUAL_DURATION : textArg(args, 'for'), TEXT_SPAN),
    isEmergency: args['emergency'] === true,
  }),
  answer: (view, { panel, text, durationMs, isEmergency }, { source }): Promise<Outcome> =>
    view.panels.send({ panel: findPanel(view, panel), text, isEmergency, minutes: durationMs / 60_000, source }),
  render: renderPanelOutcome,
  succeeded: isTextKept,
});

const clear = agentCommand({
  name: 'panel clear',
  role: 'technician',
  group: 'Act:',
  summary: msg`end the text that was sent to a panel`,
  arguments: [PANEL],
  options: [EMERGENCY],
  examples: ['luciole panel clear square-panel', 'luciole panel clear square-panel --emergency'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ panel: textArg(args, 'panel'), isEmergency: args['emergency'] === true }),
  answer: (view, { panel, isEmergency }, { source }): Promise<Outcome> =>
    view.panels.send({ panel: findPanel(view, panel), text: null, isEmergency, minutes: 0, source }),
  render: renderPanelOutcome,
  succeeded: isTextKept,
});

/** `panel show`: what panels show and why. `panel set`: shows a text on a panel for a time. `panel clear`: ends such a text. */
export const PANEL_COMMANDS: readonly ConsoleCommand[] = [show, set, clear];

/** Returns the panel with this name in any case. Errors: throws ConsoleError 'unknown-name' with the nearest name. */
function findPanel(view: AgentView, typed: string): string {
  return findName(typed, view.names().panels, { noun: 'panel', listedBy: 'luciole panel show' });
}

function isTextKept({ state, isSaved }: Outcome): boolean {
  return state === 'verified' && isSaved !== false;
}

function readPanelText(text: string): string {
  if ([...text].length <= MAX_TEXT && !/\p{C}/u.test(text)) return text;
  throw new ConsoleError('usage', msg`bad text: one line of ${MAX_TEXT} characters at most, without control characters`);
}
