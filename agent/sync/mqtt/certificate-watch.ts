/**
 * Watches the dates of the agent's certificate and of the authority in the files of the configuration, and raises `certificate-expires`.
 *
 * Reads the files each hour, so that a renewed file ends the event without a new connection, and a cabinet without a connection also warns.
 */

import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, every, isTrusted, type MonoMs, type Timer, type WallMs } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import { createEventTracker, type EventFacts } from '../../core/event-tracker.ts';
import { msg, NO_TEXT } from '../../core/message.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import type { AgentEvent, Severity } from '../../core/words.ts';
import type { CertificateUse } from './certificate-choice.ts';
import { certificateDay, readCertificates } from './certificates.ts';
import { isMissingFile, RENEWED, type ReadFile } from './secret-files.ts';

/** The expiry stage of a certificate. `days`: 60, 30, 7 or 0; at most this many days are left, and 0 means expired. */
export interface ExpiryStage {
  readonly days: number;
  readonly severity: Severity;
}

/** The certificates in the files; null if none is known. */
export interface WatchedCertificates {
  /** That of `certFile`; the renewed one if it expires later and nothing is known against it. */
  readonly own: PeerCertificate | null;
  /** The certificate in the file of authorities that expires last. */
  readonly authority: PeerCertificate | null;
}

/** The dependencies with which `CertificateWatch` is created, and its callbacks. */
export interface CertificateWatchParts {
  readonly config: Pick<UplinkConfig, 'certFile' | 'caFile'>;
  readonly readFile: ReadFile;
  readonly clock: Clock;
  /** Receives the events `certificate-expires`, `certificate-refused` and `certificate-renewed`. */
  readonly onEvent: (event: AgentEvent) => void;
  /** There is a renewed certificate with another expiry than at the last check, or an unused one is due for a retry: connect with it. */
  readonly onRenewed?: () => void;
}

/**
 * Days ahead at which a certificate is reported, and the share of its lifetime that must have passed: otherwise one that a service renews each day
 * would always be reported. Source: issue 17, 60, 30 and 7 days. With a lifetime of 90 days or more, the shares do not change these days.
 * They also leave time for ACME clients, which renew at a third of the lifetime.
 */
const STAGES: readonly (ExpiryStage & { readonly share: number })[] = [
  { days: 0, severity: 'alarm', share: 0 },
  { days: 7, severity: 'alarm', share: 1 / 12 },
  { days: 30, severity: 'warning', share: 1 / 3 },
  { days: 60, severity: 'info', share: 2 / 3 },
];
/** Time between two checks. Units: ms. Source: assumed; a person who has renewed a file sees the event end the same day. Confirmed by: a certificate renewal on a cabinet. */
const LOOK_MS = HOUR_MS;
/** Wait before a renewed certificate that the broker refused is tried again. Units: ms. Source: assumed; the broker is corrected within days. Confirmed by: the operators of a broker. */
const RETRY_MS = DAY_MS;
const RENEWAL_SOURCE = 'uplink.certFile';
const SETTINGS = { own: 'certFile', authority: 'caFile' } as const;

/**
 * Returns the expiry stage of a certificate at this time; null before the first stage, which is only `info`. With a lifetime under 90 days,
 * stages before the expiry may begin later.
 */
export function expiryStage({ fromMs, untilMs }: Pick<PeerCertificate, 'fromMs' | 'untilMs'>, nowMs: WallMs): ExpiryStage | null {
  const leftMs = untilMs - nowMs;
  const found = STAGES.find(({ days, share }) => leftMs <= Math.min(days * DAY_MS, share * (untilMs - fromMs)));
  return found === undefined ? null : { days: found.days, severity: found.severity };
}

/**
 * Checks the certificate files hourly between `start` and `stop`. Raises events about expiry, if the clock is trusted, and about renewal,
 * and requests a new connection for a renewed certificate.
 */
export class CertificateWatch {
  readonly #parts: CertificateWatchParts;
  readonly #events: ReturnType<typeof createEventTracker>;
  readonly #reported = new Map<keyof WatchedCertificates, string>();
  #found: WatchedCertificates = { own: null, authority: null };
  #looks: Timer | null = null;
  #isLooking = false;
  /** The certificates of the last connection. */
  #use: CertificateUse = { renewed: '', isRenewed: false, refusal: NO_TEXT };
  /** `CertificateUse.renewed` of the last renewed certificate that was in use. */
  #accepted = '';
  /** When the renewed certificate was last tried. */
  #triedMono: MonoMs = 0;
  /** The renewed certificate when its file was last read; null if there was none, undefined before the first check. */
  #renewed: PeerCertificate | null | undefined;

  constructor(parts: CertificateWatchParts) {
    this.#parts = parts;
    this.#events = createEventTracker(parts.clock, parts.onEvent);
  }

  /** As of the last check. */
  get found(): WatchedCertificates {
    return this.#found;
  }

  /** Checks immediately, then each hour. Does nothing if neither file is configured. */
  start(): void {
    const { clock, config } = this.#parts;
    if (config.certFile === null && config.caFile === null) return;
    this.#looks ??= every(clock, LOOK_MS, () => void this.look());
    void this.look();
  }

  stop(): void {
    this.#looks?.cancel();
    this.#looks = null;
  }

  /** Reads the files and reports what is due. Does nothing while another call reads them. */
  async look(): Promise<void> {
    const { config } = this.#parts;
    // A read that hangs occupies one of Node's few threads.
    if (this.#isLooking) return;
    this.#isLooking = true;
    const own = (await this.#read(config.certFile))?.[0] ?? null;
    const renewedRead = await this.#read(config.certFile === null ? null : `${config.certFile}${RENEWED}`);
    const authorities = (await this.#read(config.caFile)) ?? [];
    const before = this.#renewed;
    // A file that cannot be read has not changed.
    const renewed = renewedRead === undefined ? (before ?? null) : (renewedRead[0] ?? null);
    this.#renewed = renewed;
    const isLater = renewed !== null && renewed.untilMs > (own?.untilMs ?? 0) && String(this.#use.refusal) === '';
    this.#found = { own: isLater ? renewed : own, authority: authorities.toSorted((a, b) => b.untilMs - a.untilMs)[0] ?? null };
    this.#offer(before, renewed);
    this.#isLooking = false;
    for (const which of ['own', 'authority'] as const) this.#report(which);
  }

  /** The broker has accepted a connection with these certificates; reports a renewed one that is not in use, or a new one that is. */
  noteUse(use: CertificateUse): void {
    const { clock, config } = this.#parts;
    const isNew = use.isRenewed && use.renewed !== this.#accepted;
    this.#use = use;
    if (use.isRenewed) this.#accepted = use.renewed;
    this.#triedMono = clock.monoMs();
    const path = `${config.certFile}${RENEWED}`;
    const refused = msg`the renewed certificate ${path} is not in use, the one before it is: ${use.refusal}`;
    if (String(use.refusal) === '') this.#events.clear('certificate-refused', RENEWAL_SOURCE);
    else this.#events.set(true, { code: 'certificate-refused', source: RENEWAL_SOURCE, severity: 'warning', text: refused });
    if (!isNew) return;
    const text = msg`the broker accepts the renewed certificate ${path}: move it, and its key, to the place of the one before`;
    this.#events.notice({ code: 'certificate-renewed', source: RENEWAL_SOURCE, severity: 'info', text });
  }

  /** Connects with a new renewed certificate, and once a day with one that was refused. */
  #offer(before: PeerCertificate | null | undefined, renewed: PeerCertificate | null): void {
    const { clock, onRenewed = () => {} } = this.#parts;
    const isOther = before !== undefined && renewed !== null && renewed.untilMs !== before?.untilMs;
    const isDue = renewed !== null && String(this.#use.refusal) !== '' && clock.monoMs() - this.#triedMono >= RETRY_MS;
    if (!isOther && !isDue) return;
    this.#triedMono = clock.monoMs();
    onRenewed();
  }

  /** Undefined if there is a file that cannot be read; empty if there is none. */
  async #read(path: string | null): Promise<readonly PeerCertificate[] | undefined> {
    if (path === null) return [];
    try {
      return readCertificates(await this.#parts.readFile(path, 'public'));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return isMissingFile(error) ? [] : undefined; // The connection reads the same file and reports what is wrong with it.
    }
  }

  /** Without a trusted clock, or without the file, an active event continues. */
  #report(which: keyof WatchedCertificates): void {
    const { clock, config } = this.#parts;
    const certificate = this.#found[which];
    if (certificate === null || !isTrusted(clock.quality())) return;
    const stage = expiryStage(certificate, clock.wallMs());
    const key = stage === null ? '' : `${stage.days} ${certificate.untilMs}`;
    if (key === (this.#reported.get(which) ?? '')) return;
    this.#reported.set(which, key);
    const source = `uplink.${SETTINGS[which]}`;
    this.#events.clear('certificate-expires', source);
    if (stage !== null) this.#events.set(true, expiryEvent(certificate, { stage, source, path: config[SETTINGS[which]] ?? '' }));
  }
}

function expiryEvent(
  { subject, untilMs }: PeerCertificate,
  { stage: { days, severity }, source, path }: { readonly stage: ExpiryStage; readonly source: string; readonly path: string },
): EventFacts {
  const day = certificateDay(untilMs);
  const text =
    days === 0
      ? msg`${source} ${path} has expired, on ${day} (${subject}): put a renewed one in its place`
      : msg`${source} ${path} expires in at most ${days} days, on ${day} (${subject}): put a renewed one in its place`;
  return { code: 'certificate-expires', source, severity, text };
}
