/**
 * What the births show of the platform's own commands: the emergency, chosen programmes, lamps that blink.
 *
 * Owns the joining of control's lists with the metrics of node, zones and lamps. Part of `app.ts`.
 */
import type { ChosenProgramme } from '../control/programme-keeper.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import type { Uplink, UplinkValue } from '../core/ports.ts';
import type { Intent } from '../core/words.ts';
import { byStrength } from '../lighting/intents.ts';

export interface PlatformView {
  /** Out of the wishes in force. */
  emergency(intents: readonly Intent[]): void;
  programmes(choices: readonly ChosenProgramme[]): void;
  /** Units: s, by lamp. */
  blinks(running: ReadonlyMap<string, number>): void;
}

export function createPlatformView({
  cabinet,
  clock,
  uplink,
}: {
  readonly cabinet: Pick<Cabinet, 'zones' | 'lamps'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly uplink: Pick<Uplink, 'update'>;
}): PlatformView {
  const show = (deviceId: string, metric: string, value: UplinkValue['value']): void =>
    uplink.update(deviceId, metric, { value, quality: 'good', atMs: clock.wallMs() });
  return {
    emergency(intents) {
      const [strongest] = intents.filter(({ rank, target }) => rank === 'emergency' && target.kind === 'cabinet').toSorted(byStrength);
      show('', 'Emergency/On', strongest !== undefined);
      show('', 'Emergency/Until', strongest?.untilMs ?? null);
      show('', 'Emergency/Reason', strongest?.reason ?? null);
    },
    programmes(choices) {
      for (const { id } of cabinet.zones) {
        const choice = choices.find(({ zone }) => zone === id);
        show(id, 'Programme/Choice', choice?.programme ?? '');
        show(id, 'Programme/Until', choice?.untilMs ?? null);
        show(id, 'Programme/Reason', choice?.reason ?? null);
      }
    },
    blinks(running) {
      for (const { id } of cabinet.lamps) show(id, 'Identify/Seconds', running.get(id) ?? 0);
    },
  };
}
