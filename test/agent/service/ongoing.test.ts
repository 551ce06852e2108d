import t from 'tap';
import { createSelfRecord } from '../../../agent/access/self-audit.ts';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { StatusView } from '../../../agent/core/views.ts';
import { createSelf } from '../../../agent/service/metrics/self-report.ts';
import { createOngoing } from '../../../agent/service/ongoing.ts';

t.test('an event that ends after the clock was set back is counted once, and its end is recorded as such', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-15T22:00:00Z'));
  const log = { event: () => {} };
  const results: string[] = [];
  const empty = { cabinet: { id: 'C1' }, startMs: null, lines: [], units: {}, zones: [], store: {}, uplink: {}, activeEvents: [] };
  const uplink = { update: () => {}, outcome: () => {}, event: () => {} };
  const self = createSelf({
    ...{ clock, log, uplink, health: null, heap: null, runs: null },
    status: async () => empty as unknown as StatusView,
    metricsFile: () => null,
  });
  const ongoing = createOngoing({
    store: { appendEvent: () => {}, appendOutcome: () => {}, readEvents: async () => [] },
    ...{ uplink, log, self },
    flight: { note: () => {} },
    record: createSelfRecord({ clock, log, store: { audit: { note: ({ action, result }) => void results.push(`${action} ${result}`) } } }),
    alarms: { admit: (event) => event },
  });
  const tracker = createEventTracker(clock, ongoing.onEvent);
  const safeMode = { code: 'safe-mode', source: 'agent', severity: 'warning', text: msg`lighting only` } as const;
  tracker.set(true, safeMode);
  clock.stepWall(-3_600_000);
  tracker.set(false, safeMode);
  tracker.notice({ code: 'config-changed', source: 'agent', severity: 'info', text: msg`changed` });
  t.strictSame(results, ['safe-mode ok', 'safe-mode over', 'config-changed ok']);
  const counted = (await self.metrics())
    .find(({ name }) => name === 'luciole_events')
    ?.samples.map(({ labels, value }) => [labels?.code, value]);
  t.strictSame(counted, [
    ['safe-mode', 1],
    ['config-changed', 1],
  ]);
});
