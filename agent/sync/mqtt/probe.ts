/**
 * Finds links that are dead though nobody said so: asks when it has been quiet, and ends what does not answer.
 *
 * Owns when to ask and how long to wait. Started by `link.ts` for each connection, in the place of the library's keepalive.
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { MqttConnection } from './mqtt-transport.ts';

/**
 * Share of the keepalive after which a quiet link is asked. Source: MQTT 5 §3.1.2.10, something must be sent within one keepalive;
 * the library alone finds a dead link after one and a half (reference/reliability.md §3).
 */
const QUIET_SHARE = 0.75;
/** Longest wait for the answer, as a share of the keepalive and at most. Units: ms. Source: assumed; a cellular modem needs up to 10 s to wake. */
const ANSWER = { share: 0.5, maxMs: 10_000 };
/** The wait is made of so many looks: a machine that stood still reads what has come meanwhile before it judges. Source: assumed. */
const LOOKS = 10;
/** Slowest link that is served; what was sent before the question is carried first. Units: bytes/ms. Source: assumed; GPRS, one slot up, 16 kbit/s. */
const SLOWEST_BYTES_PER_MS = 2;

export interface LinkProbeParts {
  readonly clock: Pick<Clock, 'monoMs' | 'after'>;
  readonly connection: Pick<MqttConnection, 'barrier' | 'keepaliveS' | 'sentBytes' | 'onTraffic'>;
  /** Nothing was heard for so long. Units: ms. Called once. */
  readonly onSilent: (quietMs: number) => void;
}

/** When a quiet link is asked, and when it is given up. Units: ms. */
export function probeTimes(keepaliveS: number, waitingBytes: number): { readonly quietMs: number; readonly answerMs: number } {
  const keepaliveMs = keepaliveS * 1_000;
  const patienceMs = Math.min(keepaliveMs * ANSWER.share, ANSWER.maxMs);
  return { quietMs: keepaliveMs * QUIET_SHARE, answerMs: patienceMs + waitingBytes / SLOWEST_BYTES_PER_MS };
}

/** Watches until cancelled. A broker without keepalive (0) is asked never. */
export function startProbe({ clock, connection, onSilent }: LinkProbeParts): Timer {
  if (connection.keepaliveS <= 0) return { cancel: () => {} };
  let heardMono: MonoMs = clock.monoMs();
  let sentMono = heardMono;
  let sentAtHeard = connection.sentBytes;
  connection.onTraffic = (isSent) => {
    if (isSent) {
      sentMono = clock.monoMs();
      return;
    }
    heardMono = clock.monoMs();
    sentAtHeard = connection.sentBytes;
  };
  const { quietMs } = probeTimes(connection.keepaliveS, 0);
  let timer: Timer = clock.after(quietMs, look);

  /** Both ways: a broker that only talks must hear from us as well. */
  function look(): void {
    const restMs = Math.min(heardMono, sentMono) + quietMs - clock.monoMs();
    if (restMs > 0) timer = clock.after(restMs, look);
    else ask();
  }

  function ask(): void {
    const askedMono = clock.monoMs();
    connection.barrier().catch(gone);
    const { answerMs } = probeTimes(connection.keepaliveS, connection.sentBytes - sentAtHeard);
    listen(askedMono, answerMs / LOOKS, LOOKS);
  }

  function listen(askedMono: MonoMs, stepMs: number, looks: number): void {
    timer = clock.after(stepMs, () => {
      if (heardMono >= askedMono) look();
      else if (looks > 1) listen(askedMono, stepMs, looks - 1);
      else onSilent(clock.monoMs() - heardMono);
    });
  }

  return { cancel: () => timer.cancel() };
}

/** The connection reports its end by itself. */
function gone(error: unknown): void {
  if (!(error instanceof UplinkError)) throw error;
}
