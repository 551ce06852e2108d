/**
 * Tracks the state of the uplink for the status, and raises its events.
 */

import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock, MonoMs, WallMs } from '../../core/clock.ts';
import { createEventTracker, type EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { UplinkStatus } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { DeliveryFacts } from '../delivery/delivery.ts';
import type { AckAhead } from '../delivery/delivery-state.ts';
import type { BrokerLink } from './broker-link.ts';
import { returnDelayMs } from './session.ts';
import type { Phase } from './session-state.ts';

const STATE_OF: Readonly<Record<Phase, UplinkStatus['state']>> = {
  off: 'off',
  saving: 'connecting',
  connecting: 'connecting',
  subscribing: 'connecting',
  'waiting-for-host': 'waiting-for-host',
  birthing: 'connecting',
  live: 'online',
  dying: 'down',
  resting: 'down',
};

/** If the required time between births has grown to this, a person should check the host. Units: ms. Source: assumed; five requests without a quiet time between. Confirmed by: the requests of a platform in use. */
const NOTED_GAP_MS = 160_000;

type LinkFacts = Pick<BrokerLink, 'session' | 'failures'>;

/** Derives the status of the uplink from its session, and raises and ends the events about broker, primary host and platform. */
export class UplinkMonitor {
  readonly #config: UplinkConfig;
  readonly #clock: Clock;
  readonly #events: EventTracker;
  #sinceMs: WallMs;
  /** A new connection was requested: the interruption is no fault. */
  #isReconnecting = false;
  /** Severity of the open event about rewritten topics. */
  #rewriting: 'info' | 'warning' | null = null;

  constructor(config: UplinkConfig, clock: Clock, onEvent: (event: AgentEvent) => void) {
    this.#config = config;
    this.#clock = clock;
    this.#events = createEventTracker(clock, onEvent);
    this.#sinceMs = clock.wallMs();
  }

  /** The state, and the reason why the link is not live, empty if none is known. `sinceMs`: the last change of the phase, or the start. */
  status(link: LinkFacts): Pick<UplinkStatus, 'state' | 'reason' | 'sinceMs'> {
    return { state: STATE_OF[link.session.phase], reason: this.#reasonOf(link), sinceMs: this.#sinceMs };
  }

  /**
   * The phase of the session changed. Raises `uplink-down` when a connection failed or ends, unless a new one was requested or `stop` ends
   * it. Clears it in phase `live`.
   */
  afterPhase(link: LinkFacts): void {
    const { phase, afterDeath } = link.session;
    this.#sinceMs = this.#clock.wallMs();
    if (phase === 'connecting' || phase === 'off') this.#isReconnecting = false;
    if (phase === 'live') this.#events.clear('uplink-down', this.#config.node);
    if (!this.#isReconnecting && (phase === 'resting' || (phase === 'dying' && afterDeath !== 'off')))
      this.#events.set(true, { code: 'uplink-down', source: this.#config.node, severity: 'warning', text: this.#reasonOf(link) });
  }

  /**
   * A new connection is requested in this phase, by an operator or for a renewed certificate. Until it is attempted, `uplink-down` is not
   * raised.
   */
  noteReconnect(phase: Phase, text: Message): void {
    this.#events.notice({ code: 'uplink-reconnect', source: this.#config.node, severity: 'info', text });
    this.#isReconnecting = phase !== 'connecting' && phase !== 'saving';
  }

  /** Another client connected with this client id, and the broker ended this session. */
  noteTakeover(text: Message): void {
    this.#events.notice({ code: 'uplink-taken-over', source: this.#config.node, severity: 'warning', text });
  }

  /** Raises `platform-silent` while the platform does not acknowledge rows in time, and clears it otherwise. */
  checkPlatform({ isPlatformSilent, isAcknowledging, cursorSeq }: DeliveryFacts): void {
    const text = isAcknowledging
      ? msg`the platform has acknowledged nothing beyond row ${cursorSeq}: check that it stores what arrives`
      : msg`the platform acknowledges nothing: check that it writes Sync/Ack, or set uplink.proof to broker; until then all readings are kept`;
    this.#events.set(isPlatformSilent, { code: 'platform-silent', source: this.#config.node, severity: 'warning', text });
  }

  /**
   * Raises `births-asked-too-often` while a host has caused births so often that their pace has grown to minutes, and clears it otherwise.
   */
  checkBirths({ session: { phase, rebirth } }: LinkFacts): void {
    const { lastMono, returnMono, gapMs, pending } = rebirth;
    const nowMono = this.#clock.monoMs();
    const isWithin = (atMono: MonoMs | null): boolean => atMono !== null && nowMono - atMono < gapMs;
    const isReturning = isWithin(returnMono);
    const waitMin = Math.round(gapMs / 60_000);
    const text = isReturning
      ? msg`primary host ${this.#config.primaryHost ?? ''} goes offline and returns again and again: readings wait up to ${waitMin} min for births each time. Check the host and its STATE`
      : msg`births are requested again and again: readings wait up to ${waitMin} min for each. Check which host writes Node Control/Rebirth`;
    const isLasting = gapMs >= NOTED_GAP_MS && (isReturning || (phase === 'live' && (pending || isWithin(lastMono))));
    const source = this.#config.node;
    if (isLasting) this.#events.set(true, { code: 'births-asked-too-often', source, severity: 'warning', text });
    else this.#events.clear('births-asked-too-often', source);
  }

  /** The platform acknowledged rows that it cannot have yet; null: it acknowledges correctly again. */
  noteAckAhead(ack: AckAhead | null): void {
    const source = this.#config.node;
    if (ack === null) {
      this.#events.clear('platform-ack-ahead', source);
      return;
    }
    const text = msg`the platform acknowledged row ${ack.seq}, but it cannot have the rows after ${ack.countedSeq} yet: only those up to there count. Check that it acknowledges up to the first missing row, not the highest one`;
    this.#events.set(true, { code: 'platform-ack-ahead', source, severity: 'warning', text });
  }

  /**
   * A message arrived. Raises `broker-rewrites-topics` if the broker has rewritten its topic. A message that is neither rewritten nor
   * retained clears it.
   */
  noteTopic({ isRewritten, isRetained }: { readonly isRewritten: boolean; readonly isRetained: boolean }): void {
    const severity = isRetained ? 'info' : 'warning';
    if (isRewritten ? this.#rewriting === 'warning' || this.#rewriting === severity : isRetained) return;
    const [code, source] = ['broker-rewrites-topics', this.#config.node] as const;
    this.#events.clear(code, source);
    this.#rewriting = isRewritten ? severity : null;
    if (!isRewritten) return;
    const text = isRetained
      ? msg`the broker delivers the retained STATE as spBv1/0/STATE, as RabbitMQ does: set mqtt.sparkplug = true in RabbitMQ (docs/platform.md)`
      : msg`the broker delivers spBv1.0 topics as spBv1/0, so the platform does not recognise this cabinet: set mqtt.sparkplug = true in RabbitMQ (docs/platform.md)`;
    this.#events.set(true, { code, source, severity, text });
  }

  #reasonOf({ session, failures }: LinkFacts): Message {
    const { phase } = session;
    const { primaryHost } = this.#config;
    if (phase === 'live' || phase === 'off') return NO_TEXT;
    if (this.#isReconnecting) return msg`a new connection was requested`;
    const isPaced = phase === 'birthing' && returnDelayMs(session, { atMono: this.#clock.monoMs(), isSparing: false }) > 0;
    if (isPaced) return msg`births wait: primary host ${primaryHost ?? ''} goes offline and returns again and again`;
    const isHostAway = (phase === 'waiting-for-host' || phase === 'dying') && !session.host.online;
    return isHostAway && primaryHost !== null ? msg`primary host ${primaryHost} is not online` : failures.reason;
  }
}
