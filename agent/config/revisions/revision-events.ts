import type { Clock } from '../../core/clock.ts';
import { createEventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import type { SiteOwnedDifference } from '../../core/revisions.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { Trial } from './revision-history-file.ts';

const SOURCE = 'configuration';

/**
 * Creates functions that report events about the configuration to `onEvent`. Lasting ones: a revision is on trial, and keys differ from the
 * file of the site. Single ones: a revision was activated, confirmed or returned. `siteFile`: the file of the site, for messages.
 */
export function createRevisionEvents(clock: Clock, onEvent: (event: AgentEvent) => void, siteFile: string) {
  const events = createEventTracker(clock, onEvent);
  return {
    /** Sets the event of the present trial; null ends it. */
    trial(trial: Trial | null): void {
      events.clear('config-on-trial', SOURCE);
      if (trial === null) return;
      const text =
        trial.mode === 'asked'
          ? msg`revision ${trial.number} is on trial: it is withdrawn automatically unless it is confirmed`
          : msg`revision ${trial.number} is on trial: it is withdrawn automatically unless all devices and the uplink respond again`;
      events.set(true, { code: 'config-on-trial', source: SOURCE, severity: 'warning', text });
    },
    /** Sets the event of the keys that differ from the file of the site; an empty list ends it. */
    unlikeSite(differences: readonly SiteOwnedDifference[]): void {
      events.clear('config-site-owned', SOURCE);
      if (differences.length === 0) return;
      const keys = differences.map(({ key }) => key);
      const text = msg`what runs differs from the file of the site (${siteFile}): ${keys}; set them there and restart the agent`;
      events.set(true, { code: 'config-site-owned', source: SOURCE, severity: 'warning', text });
    },
    confirmed(number: number, by: string | null): void {
      const text =
        by === null
          ? msg`revision ${number} confirmed automatically: all devices and the uplink respond again`
          : msg`revision ${number} confirmed by ${by}`;
      events.notice({ code: 'config-confirmed', source: SOURCE, severity: 'info', text });
    },
    /** `isApplied`: the revision before it runs again; otherwise it cannot be used, and the returned one runs until the next start. */
    returned(number: number, current: number, { reason, isApplied }: { readonly reason: Message; readonly isApplied: boolean }): void {
      const text = isApplied
        ? msg`revision ${number} returned, revision ${current} runs again: ${reason}`
        : msg`revision ${number} returned, but revision ${current} cannot be used, so nothing changed: ${reason}; check the files of revision ${current}`;
      events.notice({ code: 'config-returned', source: SOURCE, severity: 'warning', text });
    },
    /** `touches`: the affected parts, as text; empty for none. */
    changed(number: number, { by, why, touches }: { readonly by: string; readonly why: Said; readonly touches: readonly Message[] }): void {
      const what = touches.length === 0 ? msg`touches nothing that runs` : msg`on trial, touches ${touches}`;
      const text = String(why) === '' ? msg`revision ${number} by ${by}; ${what}` : msg`revision ${number} by ${by}: ${why}; ${what}`;
      events.notice({ code: 'config-changed', source: SOURCE, severity: 'info', text });
    },
  };
}
