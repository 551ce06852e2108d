import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { afterEvent } from '../../../../agent/sync/session/session.ts';
import { createSession, type SessionEvent } from '../../../../agent/sync/session/session-state.ts';
import { UplinkMonitor } from '../../../../agent/sync/session/uplink-monitor.ts';
import { uplinkConfig } from '../small-node.ts';

const REASON = msg`the platform has acknowledged nothing for 90 s`;

for (const [cause, expected] of [
  [{ kind: 'platform-silent' }, String(REASON)],
  [{ kind: 'host', online: false, atMs: 2, nowMs: null }, 'primary host scada is not online'],
] as const)
  t.test(`the event of a link that ends because of \`${cause.kind}\` gives that as the reason`, async (t) => {
    const born: readonly SessionEvent[] = [
      { kind: 'start', lastBdSeq: null },
      { kind: 'saved', ok: true },
      { kind: 'connected' },
      { kind: 'subscribed' },
      { kind: 'host', online: true, atMs: 1, nowMs: null },
      { kind: 'birth-due', atMono: 0 },
    ];
    const session = [...born, cause].reduce((state, event) => afterEvent(state, event).session, createSession(true, 2));
    t.equal(session.phase, 'dying');
    const events: AgentEvent[] = [];
    const config = uplinkConfig('mqtt://one', { otherBrokers: ['mqtt://two'], primaryHost: 'scada' });
    const monitor = new UplinkMonitor(config, createManualClock(0), (event) => events.push(event));
    const link = { session, failures: { reason: REASON } } as unknown as Parameters<UplinkMonitor['status']>[0];
    monitor.afterPhase(link);
    t.match(monitor.status(link), { state: 'down' });
    t.strictSame([monitor.status(link).reason, events[0]?.text].map(String), [expected, expected]);
  });
