/**
 * The state of the uplink as one word, and its reason as a sentence. Pure.
 */
import type { UplinkStatus } from '../../core/ports.ts';
import type { BrokerLink } from './broker-link.ts';
import type { Phase } from './session.ts';

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

/** The state that is shown for a phase. */
export function uplinkState(phase: Phase): UplinkStatus['state'] {
  return STATE_OF[phase];
}

/** What is wrong and what to check; empty while nothing is wrong. */
export function uplinkReason(
  { session, reason }: Pick<BrokerLink, 'session' | 'reason'>,
  { isReconnecting, primaryHost }: { readonly isReconnecting: boolean; readonly primaryHost: string | null },
): string {
  const { phase } = session;
  if (phase === 'live' || phase === 'off') return '';
  if (isReconnecting) return 'a new connection was asked for';
  const isWaiting = phase === 'waiting-for-host' || phase === 'dying';
  return isWaiting && primaryHost !== null ? `primary host ${primaryHost} is not online` : reason;
}

/** The text of the event `platform-silent`: nothing was ever acknowledged, or nothing for some time. */
export function silenceText({ isAcknowledging, cursorSeq }: { readonly isAcknowledging: boolean; readonly cursorSeq: number }): string {
  return isAcknowledging
    ? `the platform has acknowledged nothing beyond row ${cursorSeq}: check that it stores what arrives`
    : 'the platform acknowledges nothing: check that it writes Sync/Ack, or set uplink.proof to broker; until then all readings are kept';
}
