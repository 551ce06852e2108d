/**
 * Carries out the orders of the platform about events and maintenance, and publishes lists of maintenance.
 */
import type { AlarmOrder, AlarmTools, MaintenanceView } from '../../core/alarm-tools.ts';
import type { Clock } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Uplink } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Outcome, OutcomeState, Target } from '../../core/words.ts';
import { MAINTENANCE_LIST } from '../../sync/commands/command-metrics.ts';
import type { AlarmSite } from './covered-events.ts';

/** Maintenance that is published; later ones are left out. Source: assumed; a text of a few kB. Confirmed by: the number at the same time in a year. */
const MAX_SHOWN = 20;

/** The dependencies with which `createPlatformAlarms` works. */
export interface PlatformAlarmsParts {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Returns the configuration in force. */
  readonly site: () => AlarmSite;
  /** Publishes the list of maintenance. */
  readonly uplink: Pick<Uplink, 'update'>;
  /** Receives the outcome of each order that was carried out or refused. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** The handler of the platform's orders to acknowledge events and to set or end maintenance. Also publishes lists of maintenance. */
export type PlatformAlarms = ReturnType<typeof createPlatformAlarms>;

/**
 * Returns the handler of the platform's alarm orders, which also publishes lists of maintenance. `onOutcome` receives the outcome of an
 * order that was carried out or refused.
 */
export function createPlatformAlarms({ clock, site, uplink, onOutcome }: PlatformAlarmsParts, alarms: () => AlarmTools) {
  const report = (commandId: string, state: OutcomeState, reason: Message, isSaved: boolean): void =>
    onOutcome({
      ...{ commandId, target: { kind: 'cabinet', id: site().id }, levelPct: null, state, reason, lamps: {}, source: 'platform' },
      atMs: clock.wallMs(),
      ...(isSaved ? {} : { isSaved: false }),
    });
  const targetOf = (id: string): Target => {
    const { id: cabinetId, lamps, zones } = site();
    if (id === '' || id === cabinetId) return { kind: 'cabinet', id: cabinetId };
    if (zones.some((zone) => zone.id === id)) return { kind: 'zone', id };
    if (lamps.some((lamp) => lamp.id === id)) return { kind: 'lamp', id };
    throw new Refusal(msg`there is no lamp or zone ${id}`);
  };

  async function run(order: AlarmOrder): Promise<{ readonly text: Message; readonly isSaved: boolean }> {
    if (order.action === 'acknowledge') {
      const { acknowledged, before, isSaved } = await alarms().acknowledge(order);
      const [first] = before;
      const known = first?.acknowledged;
      return { text: acknowledged.length > 0 || known === undefined ? NO_TEXT : msg`acknowledged before by ${known.by}`, isSaved };
    }
    const { target, minutes, reason, source } = order;
    const { isSaved } = await alarms().maintain({ target: targetOf(target), minutes, reason, source, owner: 'platform' });
    return { text: NO_TEXT, isSaved };
  }

  return {
    /** Carries out an order. A refusal is reported as the outcome and does not reject. */
    async take(order: AlarmOrder): Promise<void> {
      try {
        const { text, isSaved } = await run(order);
        report(order.commandId, 'verified', text, isSaved);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        report(order.commandId, 'refused', error.said, true);
      }
    },
    /** Publishes a list of maintenance as JSON; of a long list only the first items. */
    show(list: readonly MaintenanceView[]): void {
      const items = list.slice(0, MAX_SHOWN).map(({ target, owner, source, reason, sinceMs, untilMs }) => ({
        target: target.id,
        kind: target.kind,
        owner,
        source,
        reason,
        sinceMs,
        untilMs,
      }));
      uplink.update('', MAINTENANCE_LIST, { value: JSON.stringify(items), quality: 'good', atMs: clock.wallMs() });
    },
  };
}
