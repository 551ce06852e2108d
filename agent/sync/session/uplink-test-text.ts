/**
 * Texts for the steps of the uplink test. Pure.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, isTrusted } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import type { ConnectStage } from '../mqtt/mqtt-transport.ts';

/** A certificate that expires sooner needs attention. Units: ms. Source: assumed; a month to order and install one. */
const SOON_MS = 30 * 86_400_000;

/** The topic of the primary host's STATE. */
export function hostTopic({ primaryHost }: UplinkConfig): string {
  return `spBv1.0/STATE/${primaryHost}`;
}

/** The facts of a stage that was passed. */
export function stageText(stage: ConnectStage, clock: Clock): string {
  switch (stage.kind) {
    case 'name':
      return stage.addresses.join(', ');
    case 'tcp':
      return stage.address;
    case 'tls':
      return stage.peer === null ? stage.version : `${stage.version}, certificate ${certificateText(stage.peer, clock)}`;
  }
}

/** Whether a certificate expires within a month by a trusted clock. */
export function isExpiringSoon(certificate: PeerCertificate | null, clock: Clock): boolean {
  return certificate !== null && isTrusted(clock.quality()) && certificate.untilMs - clock.wallMs() < SOON_MS;
}

/** `CN=x, signed by CN=y, 2026-01-01 to 2027-01-01, 37 days left`. Dates are in UTC, as in certificates. */
export function certificateText({ subject, issuer, fromMs, untilMs }: PeerCertificate, clock: Clock): string {
  const day = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'unknown');
  const days = Math.floor((untilMs - clock.wallMs()) / DAY_MS);
  const left = days < 0 ? `EXPIRED ${-days} days ago` : fromMs > clock.wallMs() ? 'NOT VALID YET' : `${days} days left`;
  const doubt = isTrusted(clock.quality()) ? '' : ' by a clock that is not to be trusted';
  return `${subject}, signed by ${issuer}, ${day(fromMs)} to ${day(untilMs)}, ${left}${doubt}`;
}
