/**
 * Detects a dead link that was not reported: sends a ping after a quiet time and reports a link that does not respond.
 *
 * Replaces the library's keepalive, which takes longer. Any received byte shows that the link is not silent; `PingBarriers` limits the wait
 * for the PINGRESP itself.
 *
 * quiet time without traffic in one direction, or a shorter time after data without an answer ──► ping ──► answer ──► quiet time
 *                                                                                              │ no answer in several checks
 *                                                                                              ▼
 *                                                                                        link is silent
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { MqttConnection } from './mqtt-transport.ts';
import { SLOWEST_BYTES_PER_MS } from './ping-barriers.ts';

/**
 * Share of the keepalive after which a quiet link is probed. Source: MQTT 5 §3.1.2.10, something must be sent within one keepalive;
 * the library alone finds a dead link after one and a half (measured on mqtt.js 5.16.0).
 */
const QUIET_SHARE = 0.75;
/**
 * A ping is sent when something was sent and nothing was received for this time, if the quiet time is longer. It costs nothing while the
 * platform acknowledges each second. Units: ms.
 *
 * Source: assumed; a stopped broker is then left 12 s sooner, at 4 bytes in 10 s while a platform does not acknowledge. Confirmed by: the
 * bytes of a day and the outages of a cabinet on a cellular link.
 */
const UNANSWERED_MS = 10_000;
/** Longest wait for the answer, as a share of the keepalive and as a maximum. Units: ms. Source: assumed; a cellular modem needs up to 10 s to wake. Confirmed by: the wake-up times of the gateway's modem. */
const ANSWER = { share: 0.5, maxMs: 10_000 };
/** Number of checks in the wait: a machine that was suspended reads what has arrived before the next check. Source: assumed. Confirmed by: a gateway that is suspended and resumed during a session. */
const CHECKS = 10;

/**
 * Returns the times of the probe. `quietMs`: longest time without traffic in one direction until a ping is sent. `answerMs`: longest wait
 * after it until something is received. It is longer with more `waitingBytes`, those sent since the last receipt. Units: ms.
 */
export function probeTimes(keepaliveS: number, waitingBytes: number): { readonly quietMs: number; readonly answerMs: number } {
  const keepaliveMs = keepaliveS * 1_000;
  const waitMs = Math.min(keepaliveMs * ANSWER.share, ANSWER.maxMs);
  return { quietMs: keepaliveMs * QUIET_SHARE, answerMs: waitMs + waitingBytes / SLOWEST_BYTES_PER_MS };
}

type ProbedConnection = Pick<MqttConnection, 'barrier' | 'keepaliveS' | 'sentBytes'>;

/**
 * Sends a ping when a connection was quiet in one direction, or after a shorter time if what was sent had no answer. Reports a connection
 * from which then nothing arrives. Call `noteTraffic` for all traffic.
 */
export class LinkProbe {
  readonly #clock: Pick<Clock, 'monoMs' | 'after'>;
  readonly #onSilent: (quietMs: number) => void;
  #connection: ProbedConnection | null = null;
  #receivedMono: MonoMs = 0;
  #sentMono: MonoMs = 0;
  /** When the first packet since the last receipt was sent; null if none was. */
  #unansweredMono: MonoMs | null = null;
  #sentBytesAtReceived = 0;
  #timer: Timer | null = null;

  /** `onSilent` is called at most once for each `start`, with the time since the last byte was received, or since `start`. Units: ms. */
  constructor(clock: Pick<Clock, 'monoMs' | 'after'>, onSilent: (quietMs: number) => void) {
    this.#clock = clock;
    this.#onSilent = onSilent;
  }

  /** Starts to watch; a connection without keepalive (0) is never probed. */
  start(connection: ProbedConnection): void {
    if (connection.keepaliveS <= 0) return;
    this.#connection = connection;
    this.noteTraffic(true);
    this.noteTraffic(false);
    this.#check(connection);
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  /** A packet was sent, or bytes were received. */
  noteTraffic(isSent: boolean): void {
    if (isSent) {
      this.#sentMono = this.#clock.monoMs();
      this.#unansweredMono ??= this.#sentMono;
      return;
    }
    this.#receivedMono = this.#clock.monoMs();
    this.#unansweredMono = null;
    this.#sentBytesAtReceived = this.#connection?.sentBytes ?? 0;
  }

  /** Traffic is needed in both directions: the broker must receive packets as well. */
  #check(connection: ProbedConnection): void {
    const { quietMs } = probeTimes(connection.keepaliveS, 0);
    const unansweredMs = Math.min(quietMs, UNANSWERED_MS);
    const quietAtMono = Math.min(this.#receivedMono, this.#sentMono) + quietMs;
    const dueMono = Math.min(quietAtMono, (this.#unansweredMono ?? quietAtMono) + unansweredMs);
    const restMs = dueMono - this.#clock.monoMs();
    // What is sent in between may be due sooner.
    if (restMs > 0) this.#timer = this.#clock.after(Math.min(restMs, unansweredMs), () => this.#check(connection));
    else this.#ping(connection);
  }

  #ping(connection: ProbedConnection): void {
    const pingMono = this.#clock.monoMs();
    connection.barrier().catch(ignoreLost);
    const { answerMs } = probeTimes(connection.keepaliveS, connection.sentBytes - this.#sentBytesAtReceived);
    this.#awaitAnswer(connection, { pingMono, stepMs: answerMs / CHECKS, checks: CHECKS });
  }

  #awaitAnswer(connection: ProbedConnection, wait: { readonly pingMono: MonoMs; readonly stepMs: number; readonly checks: number }): void {
    this.#timer = this.#clock.after(wait.stepMs, () => {
      if (this.#receivedMono >= wait.pingMono) this.#check(connection);
      else if (wait.checks > 1) this.#awaitAnswer(connection, { ...wait, checks: wait.checks - 1 });
      else this.#onSilent(this.#clock.monoMs() - this.#receivedMono);
    });
  }
}

/** The connection itself reports its end. */
function ignoreLost(error: unknown): void {
  if (!(error instanceof UplinkError)) throw error;
}
