/**
 * Error messages for a broker that cannot be reached or has ended the session: what happened, and what to check next. Pure.
 */

import { type ClockQuality, isTrusted, type WallMs } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import { certificateDay } from './certificates.ts';
import { addressOf, isTls, type ReachedStage, type StreamError } from './mqtt-socket.ts';

/** The facts of an attempt that failed. */
export interface FailedAttempt {
  readonly url: string;
  readonly reached: ReachedStage;
  readonly peer: PeerCertificate | null;
  readonly hasClientCertificate: boolean;
  readonly clockQuality: ClockQuality;
  readonly nowMs: WallMs;
}

/** Texts for the codes of a CONNACK. Source: MQTT 5 §3.2.2.2; MQTT 3.1.1 §3.2.2.3 for 1 to 5. */
const CONNACK_TEXTS: Readonly<Record<number, string>> = {
  1: 'it does not speak this protocol version: check uplink.protocol',
  2: 'it does not like our client id: check its rules for client ids',
  3: 'its service is not available: check the broker',
  4: 'user name or password are malformed: check uplink.username and uplink.passwordFile',
  5: 'not authorised: check uplink.username, the password, the client certificate and its rules for this client',
  128: 'no reason given: look into its log',
  129: 'it found our packet malformed: look into its log',
  130: 'protocol error: look into its log',
  131: 'it does not allow this: look into its log',
  132: 'it does not speak this protocol version: check uplink.protocol',
  133: 'it does not like our client id: check its rules for client ids',
  134: 'bad user name or password: check uplink.username and uplink.passwordFile',
  135: 'not authorised: check uplink.username, the password, the client certificate and its rules for this client',
  136: 'it is not available now: check the broker',
  137: 'it is busy: nothing to do here, it is tried again',
  138: 'this client is banned: ask who runs the broker',
  140: 'it wants another way to log in: check its authentication settings',
  144: 'it refuses the topic of our last will: check its rules for spBv1.0 topics',
  149: 'our CONNECT is too large for it: check its packet limit',
  151: 'a quota is used up: ask who runs the broker',
  154: 'it takes no retained messages: look into its settings',
  155: 'it does not take QoS 1 for our last will, which Sparkplug needs: check its settings',
  156: 'use another server for now: check uplink.broker',
  157: 'it has moved to another server: correct uplink.broker',
  159: 'too many connect at once: nothing to do here, it is tried again',
};

/** Texts for the codes of a DISCONNECT. Source: MQTT 5 §3.14.2.1. */
const DISCONNECT_TEXTS: Readonly<Record<number, string>> = {
  0: 'without a reason',
  128: 'without a reason: look into its log',
  135: 'not authorised any more: check its rules for this client',
  137: 'it is busy',
  139: 'it shuts down',
  141: 'it heard nothing from us within the keepalive: check the network',
  142: 'another client came with our id',
  143: 'a subscription is not allowed: check its rules for spBv1.0 topics',
  144: 'a topic is not allowed: check its rules for spBv1.0 topics',
  147: 'we sent more at once than it takes',
  149: 'a packet was too large for it: check its packet limit',
  150: 'we send too often for it: check its rate limit',
  151: 'a quota is used up: ask who runs the broker',
  152: 'somebody ended it there on purpose',
  156: 'use another server for now: check uplink.broker',
  157: 'it has moved to another server: correct uplink.broker',
  159: 'too many connect at once',
  160: 'the longest time of a connection is over',
};

/** Source: MQTT 5 §3.14.2.1, session taken over. */
const TAKEN_OVER = 0x8e;

/** Texts for the system's error codes. */
const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known: check the spelling in uplink.broker, and the name server of this machine',
  EAI_AGAIN: 'the name server does not answer: check the network, modem and SIM, then /etc/resolv.conf',
  ECONNREFUSED: 'the machine is there, but nothing listens on that port: check the port in uplink.broker, and that the broker runs',
  EHOSTUNREACH: 'there is no way to it: check the network, modem and SIM',
  ENETUNREACH: 'this machine has no network: check cable, modem and SIM',
  ENETDOWN: 'this machine has no network: check cable, modem and SIM',
  ETIMEDOUT: 'nobody answers there: check the network, and firewalls on the way',
  ECONNRESET: 'the connection was cut: check firewalls on the way, and the log of the broker',
  EPIPE: 'the connection was cut: check firewalls on the way, and the log of the broker',
};

/** Codes for a certificate of the broker that no trusted authority signed. Source: OpenSSL, X509_V_ERR_*, by Node's names. */
const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** Texts for TLS alerts of the broker. Source: RFC 8446 §6, by OpenSSL's names. */
const ALERT_TEXTS: readonly (readonly [part: string, text: string])[] = [
  ['CERTIFICATE_REQUIRED', 'it wants a client certificate: set uplink.certFile and uplink.keyFile'],
  ['CERTIFICATE_EXPIRED', 'it says that our client certificate has expired: renew uplink.certFile'],
  ['CERTIFICATE_REVOKED', 'it says that our client certificate was revoked: renew uplink.certFile'],
  ['UNKNOWN_CA', 'it does not know who signed our client certificate: check uplink.certFile, and the authority set in the broker'],
  ['BAD_CERTIFICATE', 'it refuses our client certificate: check uplink.certFile'],
  ['CERTIFICATE_UNKNOWN', 'it refuses our client certificate: check uplink.certFile'],
  ['UNSUPPORTED_CERTIFICATE', 'it refuses our client certificate: check uplink.certFile'],
  ['ACCESS_DENIED', 'it refuses our client certificate: check its rules for this client'],
  ['DECRYPT_ERROR', 'it refuses our client certificate: check that uplink.certFile and uplink.keyFile belong together'],
  ['HANDSHAKE_FAILURE', 'both ends have no cipher in common, or it wants a client certificate: check its TLS settings and uplink.certFile'],
  ['PROTOCOL_VERSION', 'it speaks no TLS 1.2 or 1.3: check its TLS settings'],
  ['UNSUPPORTED_PROTOCOL', 'it speaks no TLS 1.2 or 1.3: check its TLS settings'],
  ['EPROTO', 'both ends cannot agree: check that it speaks TLS 1.2 or 1.3 on that port, and look into its log'],
  ['WRONG_VERSION_NUMBER', 'it does not speak TLS on that port: check the port; plain MQTT is mqtt://'],
  ['PACKET_LENGTH_TOO_LONG', 'it does not speak TLS on that port: check the port; plain MQTT is mqtt://'],
];

/** Source: MQTT 5 §2.4. */
const NOT_AUTHORISED = 0x87;

/** The broker refused the connection. `code`: of its CONNACK. */
export function connectRefusal(url: string, code: number, cause?: Error): UplinkError {
  const text = CONNACK_TEXTS[code] ?? 'a reason that no standard knows: look into its log';
  return new UplinkError('refused', msg`${url} refused the connection (${hex(code)}): ${text}`, { cause });
}

/** The broker refused subscriptions. `code`: of its SUBACK; MQTT 3.1.1 has 0x80 alone, for every reason. Source: MQTT 5 §3.9.3. */
export function subscribeRefusal(url: string, refused: readonly { readonly topic: string; readonly code: number }[]): UplinkError {
  const topics = refused.map(({ topic }) => topic).join(', ');
  const { code } = refused[0] ?? { code: 0x80 };
  const check =
    code === NOT_AUTHORISED ? 'check its rules for this client' : 'check its rules for this client, and its log: it may have failed itself';
  return new UplinkError('refused', msg`${url} did not subscribe us to ${topics} (${hex(code)}): ${check}`);
}

/** The broker ended a session. `code`: of its DISCONNECT. */
export function disconnectReason(url: string, code: number): UplinkError {
  if (code === TAKEN_OVER) {
    return new UplinkError(
      'taken-over',
      msg`${url} ended the session: another client uses this client id. Look for a second agent with the same cabinet id, or a tool that was left running`,
    );
  }
  return new UplinkError(
    'lost',
    msg`${url} ended the session (${hex(code)}): ${DISCONNECT_TEXTS[code] ?? 'a reason that no standard knows'}`,
  );
}

/** The broker sent bytes or packets that are not accepted. */
export function protocolViolation(url: string, error: StreamError | 'qos-2'): UplinkError {
  const texts: Readonly<Record<typeof error, string>> = {
    'too-large': 'sent a packet larger than we take (128 KB)',
    'not-mqtt': 'sent bytes that are no MQTT: check that a broker listens on that port',
    'qos-2': 'sent a message of a QoS that was not asked for',
  };
  return new UplinkError('lost', msg`${url} ${texts[error]}; the connection was ended`);
}

/** The broker did not respond in time. Units: ms. */
export function connectTimeout({ url, reached }: Pick<FailedAttempt, 'url' | 'reached'>, timeoutMs: number): UplinkError {
  const inTime = `within ${Math.round(timeoutMs / 1_000)} s`;
  if (reached === 'tls' || (reached === 'tcp' && !isTls(url))) {
    return new UplinkError('unreachable', msg`${url} took the connection, but did not answer CONNECT ${inTime}: check the broker`);
  }
  if (reached === 'tcp') {
    return new UplinkError(
      'tls',
      msg`${url} took the connection, but did not finish TLS ${inTime}: check port, broker and firewalls on the way`,
    );
  }
  return new UplinkError('unreachable', msg`${url} did not answer ${inTime}: check the network, modem and SIM, and firewalls on the way`);
}

/** The connection failed with this error of the system or of TLS. */
export function connectFailure(error: Error, attempt: FailedAttempt): UplinkError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const { url, reached } = attempt;
  const cause = { cause: error };
  const tls = isTls(url) ? tlsText(code, attempt) : undefined;
  if (tls !== undefined) return new UplinkError('tls', msg`TLS with ${url} failed: ${tls}`, cause);
  const systemText = SYSTEM_TEXTS[code];
  if (reached === 'tls' || (reached === 'tcp' && !isTls(url))) {
    const hint = attempt.hasClientCertificate || !isTls(url) ? '' : ', or it wants a client certificate';
    return new UplinkError('unreachable', msg`${url} hung up before it answered CONNECT: look into the log of the broker${hint}`, cause);
  }
  if (reached === 'tcp') {
    return new UplinkError('tls', msg`${url} hung up during TLS: check that it speaks TLS on that port, and firewalls on the way`, cause);
  }
  return new UplinkError(
    'unreachable',
    msg`${url} cannot be reached: ${systemText ?? `${code || error.message}: check the network`}`,
    cause,
  );
}

function tlsText(code: string, attempt: FailedAttempt): string | undefined {
  const { peer, url, clockQuality, nowMs } = attempt;
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') return datesText(code, { peer, clockQuality, nowMs });
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the broker's certificate is not for ${addressOf(url).host}${certificateNames(peer)}: check the name in uplink.broker`;
  }
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `nobody whom we trust signed the broker's certificate${certificateNames(peer)}: check uplink.caFile (${code})`;
  }
  const alert = ALERT_TEXTS.find(([part]) => code.includes(part));
  if (alert !== undefined) return alert[1];
  // Codes with an underscore are those of OpenSSL and Node; the system's have none.
  return code.startsWith('ERR_') || code.startsWith('CERT_') || code.includes('_IN_')
    ? `${code}: check uplink.caFile, the certificates, and the log of the broker`
    : undefined;
}

/** With a clock that was never set, every certificate seems invalid. */
function datesText(code: string, { peer, clockQuality, nowMs }: Pick<FailedAttempt, 'peer' | 'clockQuality' | 'nowMs'>): string {
  const valid = peer === null ? '' : ` (valid ${certificateDay(peer.fromMs)} to ${certificateDay(peer.untilMs)})`;
  const finding = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
  const today = `here it is ${certificateDay(nowMs)}`;
  if (!isTrusted(clockQuality)) {
    const why = clockQuality === 'none' ? 'was never set' : 'goes on from the last shutdown';
    return `the clock is the problem: by it the broker's certificate ${finding}${valid}, but it ${why} (clock ${clockQuality}, ${today}). Check the time server, or set the clock; it is tried again by itself`;
  }
  const remedy =
    code === 'CERT_HAS_EXPIRED' ? 'whoever runs the broker must renew it' : 'check the clock of this machine, else the certificate';
  return `the broker's certificate ${finding}${valid}, ${today}: ${remedy}`;
}

function certificateNames(peer: PeerCertificate | null): string {
  return peer === null ? '' : ` (${peer.subject}, signed by ${peer.issuer})`;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
