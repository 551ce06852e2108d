/**
 * Error messages for a broker that cannot be reached or has ended the session: what happened, and what to check next. Pure.
 */

import { type ClockQuality, isTrusted, type WallMs } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import { certificateDay } from './certificates.ts';
import { addressOf, isTls, type ReachedStage, type StreamError } from './mqtt-socket.ts';

/**
 * What is known about a failed attempt to connect. `reached`: the last stage passed. `peer`: the broker's certificate; null if none is
 * known.
 */
export interface FailedAttempt {
  readonly url: string;
  readonly reached: ReachedStage;
  readonly peer: PeerCertificate | null;
  /** The attempt had a certificate of the agent to present. */
  readonly hasClientCertificate: boolean;
  readonly clockQuality: ClockQuality;
  readonly nowMs: WallMs;
}

/** Texts for the codes of a CONNACK. Source: MQTT 5 §3.2.2.2; MQTT 3.1.1 §3.2.2.3 for 1 to 5. */
const CONNACK_TEXTS: Readonly<Record<number, Message>> = {
  1: msg`it does not support this protocol version: check uplink.protocol`,
  2: msg`it does not accept our client id: check its rules for client ids`,
  3: msg`its service is not available: check the broker`,
  4: msg`user name or password is malformed: check uplink.username and uplink.passwordFile`,
  5: msg`not authorised: check uplink.username, the password, the client certificate and its rules for this client`,
  128: msg`no reason given: check its log`,
  129: msg`it found our packet malformed: check its log`,
  130: msg`protocol error: check its log`,
  131: msg`it does not allow this: check its log`,
  132: msg`it does not support this protocol version: check uplink.protocol`,
  133: msg`it does not accept our client id: check its rules for client ids`,
  134: msg`bad user name or password: check uplink.username and uplink.passwordFile`,
  135: msg`not authorised: check uplink.username, the password, the client certificate and its rules for this client`,
  136: msg`it is not available now: check the broker`,
  137: msg`it is busy: nothing to do here, the agent tries again`,
  138: msg`this client is banned: ask the operator of the broker`,
  140: msg`it requires another way to log in: check its authentication settings`,
  144: msg`it refuses the topic of our last will: check its rules for spBv1.0 topics`,
  149: msg`our CONNECT is too large for it: check its packet limit`,
  151: msg`a quota is used up: ask the operator of the broker`,
  154: msg`it accepts no retained messages: check its settings`,
  155: msg`it does not accept QoS 1 for our last will, which Sparkplug needs: check its settings`,
  156: msg`use another server for now: check uplink.broker`,
  157: msg`it has moved to another server: correct uplink.broker`,
  159: msg`too many clients connect at once: nothing to do here, the agent tries again`,
};

/** Texts for the codes of a DISCONNECT. Source: MQTT 5 §3.14.2.1. */
const DISCONNECT_TEXTS: Readonly<Record<number, Message>> = {
  0: msg`without a reason`,
  128: msg`without a reason: check its log`,
  135: msg`not authorised any more: check its rules for this client`,
  137: msg`it is busy`,
  139: msg`it shuts down`,
  141: msg`it received nothing from us within the keepalive: check the network`,
  142: msg`another client connected with our id`,
  143: msg`a subscription is not allowed: check its rules for spBv1.0 topics`,
  144: msg`a topic is not allowed: check its rules for spBv1.0 topics`,
  147: msg`we sent more at once than it accepts`,
  149: msg`a packet was too large for it: check its packet limit`,
  150: msg`we send too often for it: check its rate limit`,
  151: msg`a quota is used up: ask the operator of the broker`,
  152: msg`an operator of the broker ended it`,
  156: msg`use another server for now: check uplink.broker`,
  157: msg`it has moved to another server: correct uplink.broker`,
  159: msg`too many clients connect at once`,
  160: msg`the longest time of a connection is over`,
};

/** Source: MQTT 5 §3.14.2.1, session taken over. */
const TAKEN_OVER = 0x8e;

/** Texts for the system's error codes. */
const SYSTEM_TEXTS: Readonly<Record<string, Message>> = {
  ENOTFOUND: msg`its name is not known: check the spelling in uplink.broker, and the name server of this machine`,
  EAI_AGAIN: msg`the name server does not answer: check the network, modem and SIM, then /etc/resolv.conf`,
  ECONNREFUSED: msg`the machine answers, but nothing listens on that port: check the port in uplink.broker, and that the broker runs`,
  EHOSTUNREACH: msg`there is no route to it: check the network, modem and SIM`,
  ENETUNREACH: msg`this machine has no network: check cable, modem and SIM`,
  ENETDOWN: msg`this machine has no network: check cable, modem and SIM`,
  ETIMEDOUT: msg`nothing answers there: check the network, and firewalls on the way`,
  ECONNRESET: msg`the connection was cut: check firewalls on the way, and the log of the broker`,
  EPIPE: msg`the connection was cut: check firewalls on the way, and the log of the broker`,
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
const ALERT_TEXTS: readonly (readonly [part: string, text: Message])[] = [
  ['CERTIFICATE_REQUIRED', msg`it requires a client certificate: set uplink.certFile and uplink.keyFile`],
  ['CERTIFICATE_EXPIRED', msg`it reports that our client certificate has expired: renew uplink.certFile`],
  ['CERTIFICATE_REVOKED', msg`it reports that our client certificate was revoked: renew uplink.certFile`],
  [
    'UNKNOWN_CA',
    msg`it does not know the authority that signed our client certificate: check uplink.certFile, and the authority set in the broker`,
  ],
  ['BAD_CERTIFICATE', msg`it refuses our client certificate: check uplink.certFile`],
  ['CERTIFICATE_UNKNOWN', msg`it refuses our client certificate: check uplink.certFile`],
  ['UNSUPPORTED_CERTIFICATE', msg`it refuses our client certificate: check uplink.certFile`],
  ['ACCESS_DENIED', msg`it refuses our client certificate: check its rules for this client`],
  ['DECRYPT_ERROR', msg`it refuses our client certificate: check that uplink.certFile and uplink.keyFile belong together`],
  [
    'HANDSHAKE_FAILURE',
    msg`both ends have no cipher in common, or it requires a client certificate: check its TLS settings and uplink.certFile`,
  ],
  ['PROTOCOL_VERSION', msg`it supports neither TLS 1.2 nor 1.3: check its TLS settings`],
  ['UNSUPPORTED_PROTOCOL', msg`it supports neither TLS 1.2 nor 1.3: check its TLS settings`],
  ['EPROTO', msg`both ends cannot agree: check that it supports TLS 1.2 or 1.3 on that port, and check its log`],
  ['WRONG_VERSION_NUMBER', msg`it does not use TLS on that port: check the port; plain MQTT is mqtt://`],
  ['PACKET_LENGTH_TOO_LONG', msg`it does not use TLS on that port: check the port; plain MQTT is mqtt://`],
];

/** Source: MQTT 5 §2.4. */
const NOT_AUTHORISED = 0x87;

/** Returns the error for a broker that refused the connection, with UplinkError code `refused`. `code`: that of the CONNACK. */
export function connectRefusal(url: string, code: number, cause?: Error): UplinkError {
  const text = CONNACK_TEXTS[code] ?? msg`the code is in no standard: check its log`;
  return new UplinkError('refused', msg`${url} refused the connection (${hex(code)}): ${text}`, { cause });
}

/** Codes of a SUBACK that give no reason in the request: unspecified, implementation specific, quota exceeded. Source: MQTT 5 §3.9.3. */
const PASSING: readonly number[] = [0x80, 0x83, 0x97];

/** The broker refused at least one of the requested topics; the others are subscribed. The code is `refused`. */
export class SubscribeRefusal extends UplinkError {
  /** The topics that were refused. */
  readonly topics: readonly string[];
  /** The broker gave no reason that will last: the same request may succeed. */
  readonly mayRetry: boolean;

  constructor(said: Message, topics: readonly string[], mayRetry: boolean) {
    super('refused', said);
    this.topics = topics;
    this.mayRetry = mayRetry;
  }
}

/**
 * Returns the error for a broker that refused subscriptions. `code`: that of the SUBACK for the topic; the text of the error names the code
 * of the first topic. Source: MQTT 5 §3.9.3.
 */
export function subscribeRefusal(url: string, refused: readonly { readonly topic: string; readonly code: number }[]): SubscribeRefusal {
  const topics = refused.map(({ topic }) => topic);
  const { code } = refused[0] ?? { code: 0x80 };
  const check =
    code === NOT_AUTHORISED
      ? msg`check its rules for this client`
      : msg`check its rules for this client, and its log: the fault may be in the broker`;
  const mayRetry = refused.every((one) => PASSING.includes(one.code));
  return new SubscribeRefusal(msg`${url} did not subscribe us to ${topics} (${hex(code)}): ${check}`, topics, mayRetry);
}

/**
 * Returns the error for a broker that ended the session: UplinkError `taken-over` if another client uses this client id, otherwise `lost`.
 * `code`: of its DISCONNECT.
 */
export function disconnectReason(url: string, code: number): UplinkError {
  if (code === TAKEN_OVER) {
    return new UplinkError(
      'taken-over',
      msg`${url} ended the session: another client uses this client id. Check for a second agent with the same cabinet id, or a tool that is still running`,
    );
  }
  return new UplinkError(
    'lost',
    msg`${url} ended the session (${hex(code)}): ${DISCONNECT_TEXTS[code] ?? msg`the code is in no standard`}`,
  );
}

/**
 * Returns the error for a broker that sent bytes or packets that are not accepted, with UplinkError code `lost`. `qos-2`: a message of
 * QoS 2, which was not requested.
 */
export function protocolViolation(url: string, error: StreamError | 'qos-2'): UplinkError {
  const texts: Readonly<Record<typeof error, Message>> = {
    'too-large': msg`${url} sent a packet larger than the limit (128 KB); the connection was ended`,
    'not-mqtt': msg`${url} sent bytes that are no MQTT: check that a broker listens on that port; the connection was ended`,
    'qos-2': msg`${url} sent a message of a QoS that was not requested; the connection was ended`,
  };
  return new UplinkError('lost', texts[error]);
}

/**
 * Returns the error for a broker that sends packets but does not answer a PINGREQ, with UplinkError code `silent`. Units: `waitedMs` ms.
 */
export function unansweredPing(url: string, waitedMs: number): UplinkError {
  const waitedS = Math.round(waitedMs / 1_000);
  return new UplinkError(
    'silent',
    msg`${url} sends packets, but did not answer a ping (PINGREQ) within ${waitedS} s: check the broker, and proxies on the way`,
  );
}

/**
 * Returns the error for a broker that did not respond in time: UplinkError `tls` if TCP was connected, but the TLS of the URL did not
 * finish; else `unreachable`. Units: ms.
 */
export function connectTimeout({ url, reached }: Pick<FailedAttempt, 'url' | 'reached'>, timeoutMs: number): UplinkError {
  const limitS = Math.round(timeoutMs / 1_000);
  if (reached === 'tls' || (reached === 'tcp' && !isTls(url))) {
    return new UplinkError(
      'unreachable',
      msg`${url} accepted the connection, but did not answer CONNECT within ${limitS} s: check the broker`,
    );
  }
  if (reached === 'tcp') {
    return new UplinkError(
      'tls',
      msg`${url} accepted the connection, but did not finish TLS within ${limitS} s: check port, broker and firewalls on the way`,
    );
  }
  return new UplinkError(
    'unreachable',
    msg`${url} did not answer within ${limitS} s: check the network, modem and SIM, and firewalls on the way`,
  );
}

/**
 * Returns the error for an attempt that failed with `error`, for example one of the system or of TLS: UplinkError `tls` or `unreachable`,
 * with `error` as cause.
 */
export function connectFailure(error: Error, attempt: FailedAttempt): UplinkError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const { url, reached } = attempt;
  const cause = { cause: error };
  const tls = isTls(url) ? tlsText(code, attempt) : undefined;
  if (tls !== undefined) return new UplinkError('tls', msg`TLS with ${url} failed: ${tls}`, cause);
  const systemText = SYSTEM_TEXTS[code];
  if (reached === 'tls' || (reached === 'tcp' && !isTls(url))) {
    const text =
      attempt.hasClientCertificate || !isTls(url)
        ? msg`${url} closed the connection before it answered CONNECT: check the log of the broker`
        : msg`${url} closed the connection before it answered CONNECT: check the log of the broker, or it requires a client certificate`;
    return new UplinkError('unreachable', text, cause);
  }
  if (reached === 'tcp') {
    return new UplinkError(
      'tls',
      msg`${url} closed the connection during TLS: check that it uses TLS on that port, and firewalls on the way`,
      cause,
    );
  }
  return new UplinkError(
    'unreachable',
    systemText === undefined
      ? msg`${url} cannot be reached: ${code || error.message}: check the network`
      : msg`${url} cannot be reached: ${systemText}`,
    cause,
  );
}

function tlsText(code: string, attempt: FailedAttempt): Message | undefined {
  const { peer, url, clockQuality, nowMs } = attempt;
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') return datesText(code, { peer, clockQuality, nowMs });
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { host } = addressOf(url);
    return peer === null
      ? msg`the broker's certificate is not for ${host}: check the name in uplink.broker`
      : msg`the broker's certificate is not for ${host} (${namesOf(peer)}): check the name in uplink.broker`;
  }
  if (UNKNOWN_AUTHORITY.has(code)) {
    return peer === null
      ? msg`no trusted authority signed the broker's certificate: check uplink.caFile (${code})`
      : msg`no trusted authority signed the broker's certificate (${namesOf(peer)}): check uplink.caFile (${code})`;
  }
  const alert = ALERT_TEXTS.find(([part]) => code.includes(part));
  if (alert !== undefined) return alert[1];
  // Codes with an underscore are those of OpenSSL and Node; the system's have none.
  return code.startsWith('ERR_') || code.startsWith('CERT_') || code.includes('_IN_')
    ? msg`${code}: check uplink.caFile, the certificates, and the log of the broker`
    : undefined;
}

/** With a clock that was never set, every certificate appears to be invalid. */
function datesText(code: string, { peer, clockQuality, nowMs }: Pick<FailedAttempt, 'peer' | 'clockQuality' | 'nowMs'>): Message {
  const isOver = code === 'CERT_HAS_EXPIRED';
  const finding = peer === null ? undatedFinding(isOver) : datedFinding(isOver, peer);
  const today = certificateDay(nowMs);
  if (isTrusted(clockQuality))
    return isOver
      ? msg`${finding}, here it is ${today}: the operator of the broker must renew it`
      : msg`${finding}, here it is ${today}: check the clock of this machine, else the certificate`;
  return clockQuality === 'none'
    ? msg`the clock is the problem: by it, ${finding}, but it was never set (here it is ${today}). Check the time server, or set the clock; the agent tries again`
    : msg`the clock is the problem: by it, ${finding}, but it continues from the last shutdown (here it is ${today}). Check the time server, or set the clock; the agent tries again`;
}

function undatedFinding(isOver: boolean): Message {
  return isOver ? msg`the broker's certificate has expired` : msg`the broker's certificate is not valid yet`;
}

function datedFinding(isOver: boolean, peer: PeerCertificate): Message {
  const [from, until] = [certificateDay(peer.fromMs), certificateDay(peer.untilMs)];
  return isOver
    ? msg`the broker's certificate has expired (valid ${from} to ${until})`
    : msg`the broker's certificate is not valid yet (valid ${from} to ${until})`;
}

function namesOf({ subject, issuer }: PeerCertificate): Message {
  return msg`${subject}, signed by ${issuer}`;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
