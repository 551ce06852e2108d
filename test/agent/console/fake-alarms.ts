/** The alarm handling of a running agent as the console sees it, for tests. */
import type { AlarmTools, MaintenanceView } from '../../../agent/core/alarm-tools.ts';
import { msg } from '../../../agent/core/message.ts';
import { Refusal } from '../../../agent/core/refusal.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { AT_MS } from './fake-clock.ts';

const MAINTENANCE: MaintenanceView = {
  id: `maintenance-mode:L07:site:${AT_MS - 600_000}`,
  target: { kind: 'lamp', id: 'L07' },
  owner: 'site',
  source: 'console:anna',
  reason: 'new driver',
  sinceMs: AT_MS - 600_000,
  untilMs: AT_MS + 6_600_000,
  count: 9,
  suppressed: Array.from({ length: 9 }, (_, n) => ({ id: `e${n}`, code: 'unit-silent', source: `L0${n}`, startMs: AT_MS })),
};

const event = (source: string): AgentEvent => ({
  ...{ id: `unit-silent:${source}:${AT_MS}`, code: 'unit-silent', source, severity: 'warning', startMs: AT_MS, endMs: null },
  text: msg`${source}: no reply`,
});

/** One event and one maintenance; `asked` gets the requests. Acknowledging "L99" is refused. */
export function fakeAlarms(asked: unknown[]): AlarmTools {
  return {
    acknowledge: async (request) => {
      asked.push(request);
      if (request.event === 'L99') throw new Refusal(msg`no event "${request.event}" is known`);
      const acknowledged = { by: request.source, atMs: AT_MS, note: request.note };
      return {
        acknowledged: [{ ...event('L01'), acknowledged }],
        before: [{ ...event('L02'), acknowledged }],
        isSaved: request.note !== 'disk',
      };
    },
    maintain: async (request) => {
      asked.push(request);
      return { maintenance: [MAINTENANCE], raised: request.minutes === null ? [event('L01')] : [], isSaved: true };
    },
    maintenance: () => [MAINTENANCE],
    ended: () => [{ ...MAINTENANCE, reason: '', count: 0, suppressed: [] }],
    placeOf: (source) => ({ lamp: source, pole: 'P07', atM: 210, zone: 'bressigny', street: 'Rue Bressigny' }),
  };
}
