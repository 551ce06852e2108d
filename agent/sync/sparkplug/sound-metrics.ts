import type { Clock } from '../../core/clock.ts';
import type { Uplink, UplinkValue } from '../../core/ports.ts';
import type { SoundView } from '../../core/sound-tools.ts';
import { SOUND_METRIC } from '../commands/command-metrics.ts';

/**
 * Returns a function that passes the state of a sound place, and the reason for it, to the uplink as its metrics. The reason is the first
 * fault, otherwise what decides.
 */
export function createSoundMetrics(clock: Pick<Clock, 'wallMs'>, uplink: Pick<Uplink, 'update'>): (view: SoundView) => void {
  return ({ id, state, track, rank, volumePct, untilMs, trace, faults }) => {
    const show = (metric: string, value: UplinkValue['value']): void =>
      uplink.update(id, metric, { value, quality: 'good', atMs: clock.wallMs() });
    show(SOUND_METRIC.state, state);
    show(SOUND_METRIC.track, track ?? '');
    show(SOUND_METRIC.rank, rank);
    show(SOUND_METRIC.why, String(faults[0] ?? trace[0]?.text ?? ''));
    show(SOUND_METRIC.volume, volumePct);
    show(SOUND_METRIC.until, untilMs);
  };
}
