/**
 * What the platform sees of the light: for each lamp what was decided and why, for lamps and zones what is in force on them.
 *
 * Owns the step from decisions and intents to metrics.
 */
import { LAMP_METRIC } from '../core/cabinet-points.ts';
import type { Clock } from '../core/clock.ts';
import type { Uplink, UplinkDevice, UplinkValue } from '../core/ports.ts';
import type { Decision, Intent } from '../core/words.ts';
import { byStrength } from '../lighting/intents.ts';

export interface ShownLight {
  decision(decision: Decision): void;
  /** Only what targets a lamp or zone itself: an intent for the zone is not repeated on its lamps. */
  intents(intents: readonly Intent[]): void;
}

/** `devices`: what the uplink has; those without a target take no intent. */
export function createShownLight(
  devices: readonly UplinkDevice[],
  { clock, uplink }: { readonly clock: Pick<Clock, 'wallMs'>; readonly uplink: Pick<Uplink, 'update'> },
): ShownLight {
  const targets = devices.flatMap(({ id, target }) => (target === null ? [] : [{ id, target }]));
  const show = (deviceId: string, metric: string, value: UplinkValue['value']): void =>
    uplink.update(deviceId, metric, { value, quality: 'good', atMs: clock.wallMs() });
  return {
    decision({ lampId, levelPct, rank, reason }) {
      show(lampId, LAMP_METRIC.wanted, levelPct);
      show(lampId, LAMP_METRIC.rank, rank);
      show(lampId, LAMP_METRIC.reason, reason);
    },
    intents(intents) {
      for (const { id, target } of targets) {
        const own = intents.filter((intent) => intent.target.kind === target.kind && intent.target.id === target.id);
        const [strongest] = own.toSorted(byStrength);
        show(id, 'Override/Level', strongest?.levelPct ?? null);
        show(id, 'Override/Until', strongest?.untilMs ?? null);
        show(id, 'Override/Reason', strongest?.reason ?? null);
      }
    },
  };
}
