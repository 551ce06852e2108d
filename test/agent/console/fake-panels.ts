/** The panels of a running agent as the console sees them, for tests. */
import { msg, NO_TEXT } from '../../../agent/core/message.ts';
import type { PanelTools, PanelView } from '../../../agent/core/panel-tools.ts';
import { AT_MS } from './fake-clock.ts';

export const PANEL: PanelView = {
  id: 'square-panel',
  device: 'PN1',
  text: 'Bikes today: 1204',
  rank: 'schedule',
  source: '1',
  sinceMs: AT_MS - 3_600_000,
  untilMs: AT_MS + 7_200_000,
  lines: ['Bikes today:', '1204'],
  fitted: NO_TEXT,
  state: 'shown',
  trouble: NO_TEXT,
  trace: [
    { rank: 'rule', source: 'smog', text: null, applied: false, why: msg`rule ${'smog'} does not hold`, untilMs: null },
    {
      rank: 'schedule',
      source: '1',
      text: 'Bikes today: 1204',
      applied: true,
      why: msg`entry ${1} of the schedule`,
      untilMs: AT_MS + 7_200_000,
    },
    { rank: 'fallback', source: 'square-panel', text: 'Welcome', applied: false, why: msg`nothing else applies`, untilMs: null },
  ],
};

/** One panel; `asked` gets the requests. A text with "refuse" is refused. */
export function fakePanels(asked: unknown[]): PanelTools {
  return {
    views: () => [PANEL],
    send: async (order) => {
      asked.push(order);
      const isRefused = order.text?.includes('refuse') === true;
      return {
        commandId: 'c-1',
        target: { kind: 'device', id: order.panel },
        levelPct: null,
        state: isRefused ? 'refused' : 'verified',
        reason: isRefused ? msg`the text has ${99} characters; limits.maxLength of panel ${order.panel} is ${64}` : NO_TEXT,
        lamps: {},
        source: order.source,
        atMs: AT_MS,
      };
    },
  };
}
