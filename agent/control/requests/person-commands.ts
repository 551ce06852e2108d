/**
 * Overrides and releases that a technician requests at the console of the cabinet.
 *
 * Adds the command id, the technician's authority, and the end of an override to show.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { AgentView } from '../../core/views.ts';
import type { Control } from '../control.ts';

export function createPersonCommands(
  control: () => Pick<Control, 'override' | 'release'>,
  clock: Pick<Clock, 'wallMs'>,
): Pick<AgentView, 'override' | 'release'> {
  return {
    async override(request) {
      // The end counts from the request, however long the lamps take to confirm it.
      const untilMs = clock.wallMs() + request.minutes * MINUTE_MS;
      return { ...(await control().override({ ...request, commandId: randomUUID(), authority: 'technician' })), untilMs };
    },
    release: (request) => control().release({ ...request, commandId: randomUUID(), authority: 'technician' }),
  };
}
