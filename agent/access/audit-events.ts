/** Events for audit entries that the city must see immediately: logins, changes of users, a clock that was set; each with its author. */

import type { AuditNote, AuditTools } from '../core/audit-tools.ts';
import type { Clock } from '../core/clock.ts';
import { createEventTracker, type EventFacts } from '../core/event-tracker.ts';
import { type Message, msg } from '../core/message.ts';
import { createTokenBucket } from '../core/token-bucket.ts';
import type { AgentEvent } from '../core/words.ts';
import { readClockStep } from './self-audit.ts';

/**
 * The audit log to extend, the clock, and `onEvent`, which receives the events for some of the new entries. `cabinetId`: the `source` of
 * these events.
 */
export interface AuditEventParts {
  readonly audit: AuditTools;
  readonly clock: Clock;
  readonly cabinetId: string;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Commands that change users. Setting the own password is one of them. */
const USER_CHANGES: readonly string[] = [
  'user add',
  'user enrol',
  'user remove',
  'user role',
  'user passwd',
  'user totp',
  'user list sent',
];
/** Limit for each kind of event, so that a program which logs in constantly does not displace others. The log has every entry. Source: as for steps of the clock. */
const EVENTS = { burst: 20, perS: 1 / 600 };

/**
 * Returns the audit log, extended: `note` also reports some entries to `onEvent`, such as successful logins. Logins and changes of users
 * beyond a limited rate are not reported, only logged.
 */
export function withAuditEvents({ audit, clock, cabinetId, onEvent }: AuditEventParts): AuditTools {
  const events = createEventTracker(clock, onEvent);
  const rates = { 'user-logged-in': createTokenBucket(clock, EVENTS), 'users-changed': createTokenBucket(clock, EVENTS) };
  return {
    ...audit,
    note(note) {
      audit.note(note);
      const facts = auditEvent(note);
      if (facts === null || (facts.code !== 'clock-set' && !rates[facts.code].take())) return;
      events.notice({ ...facts, source: cabinetId });
    },
  };
}

interface AuditEventFacts extends Pick<EventFacts, 'severity' | 'text'> {
  readonly code: 'user-logged-in' | 'users-changed' | 'clock-set';
}

/** Returns code, severity and text of the event for an audit entry, such as a successful login; null if the entry needs no event. */
export function auditEvent(note: AuditNote): AuditEventFacts | null {
  const { user, role, door, action, detail, result } = note;
  if (action === 'clock-set' && door === 'self') return { code: 'clock-set', severity: 'warning', text: clockSet(detail, result) };
  if (result !== 'ok') return null;
  if (action === 'login' && door === 'login')
    return { code: 'user-logged-in', severity: 'info', text: msg`${user} (${role}) logged in at the console` };
  if (!USER_CHANGES.includes(action)) return null;
  const what = detail === '' ? action : `${action} ${detail}`;
  return { code: 'users-changed', severity: 'warning', text: msg`by ${authorOf(note)}: ${what}` };
}

function clockSet(detail: string, quality: string): Message {
  const step = readClockStep(detail);
  return step === null
    ? msg`the system clock was set: ${detail}; its quality is ${quality}`
    : msg`the system clock was set from ${step.from} by ${step.byS} s; its quality is ${quality}`;
}

function authorOf({ user, door }: AuditNote): string {
  if (door === 'login') return `console:${user}`;
  return door === 'agent' ? `machine:${user}` : `platform${user === '' ? '' : `:${user}`}`;
}
