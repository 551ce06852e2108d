import t from 'tap';
import { auditEvent, withAuditEvents } from '../../../agent/access/audit-events.ts';
import type { AuditNote } from '../../../agent/core/audit-tools.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';

const note = (facts: Partial<AuditNote>): AuditNote => ({
  ...{ user: 'ada', role: 'admin', door: 'login', action: '', detail: '', result: 'ok' },
  ...facts,
});

t.test('logins, user changes and setting the clock are events with their author', async (t) => {
  for (const [facts, code, text] of [
    [{ action: 'login' }, 'user-logged-in', /^ada \(admin\) logged in at the console$/],
    [{ action: 'user role', detail: 'name=marie role=viewer' }, 'users-changed', /^by console:ada: user role name=marie role=viewer$/],
    [
      { action: 'user remove', detail: 'name=luc', door: 'agent', user: 'root' },
      'users-changed',
      /^by machine:root: user remove name=luc$/,
    ],
    [{ action: 'user passwd', user: 'marie', role: 'technician' }, 'users-changed', /^by console:marie: user passwd$/],
    [
      { action: 'user list sent', door: 'platform', user: '', detail: '3 people' },
      'users-changed',
      /^by platform: user list sent 3 people$/,
    ],
    [{ action: 'clock-set', door: 'self', user: '', detail: 'from 2026 by 60 s', result: 'rtc' }, 'clock-set', /from 2026 by 60 s.*rtc/],
  ] as const)
    t.match(auditEvent(note(facts)), { code, text });
});

t.test('what failed, what was refused and what is only looked at is no event', async (t) => {
  for (const facts of [
    { action: 'login', result: 'wrong' },
    { action: 'login', result: 'locked', role: '' },
    { action: 'user add', result: 'denied' },
    { action: 'user role', result: 'refused: ada is the last admin' },
    { action: 'user list' },
    { action: 'status' },
    // Somebody on the machine can name a command as he likes, a time he cannot set by a name.
    { action: 'clock-set', door: 'agent' },
  ] as const)
    t.equal(auditEvent(note(facts)), null, JSON.stringify(facts));
});

t.test('each entry is logged; many logins make few events and do not displace those about user changes', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T20:00:00Z'));
  const [noted, events] = [[] as AuditNote[], [] as AgentEvent[]];
  const audit = withAuditEvents({
    audit: { note: (each) => void noted.push(each), read: async () => undefined },
    clock,
    cabinetId: 'c1',
    onEvent: (event) => events.push(event),
  });
  for (let i = 0; i < 1_000; i += 1) audit.note(note({ action: 'login' }));
  audit.note(note({ action: 'user add', detail: 'name=eve role=admin' }));
  t.equal(noted.length, 1_001);
  t.equal(events.filter(({ code }) => code === 'user-logged-in').length, 20);
  t.match(events.at(-1), { code: 'users-changed', source: 'c1', severity: 'warning' });
  await clock.advance(3_600_000);
  for (let i = 0; i < 1_000; i += 1) audit.note(note({ action: 'login' }));
  t.equal(events.filter(({ code }) => code === 'user-logged-in').length, 26);
});
