/**
 * Chooses between the certificate in use and a renewed one in the same folder. The renewed one is tried first; if the broker refuses it,
 * the next attempt uses the other one, so that a renewal never costs the connection.
 */

import { createHash } from 'node:crypto';
import { type Clock, isTrusted } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { readCertificate } from './certificates.ts';

/** The bytes of a certificate file and of its key file; null where none is configured. */
export interface KeyPair {
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
  /** The certificate is from the renewed file, `<certFile>.new`; its key may be from either file. */
  readonly isRenewed: boolean;
}

/** Which certificate the current or last attempt uses: the renewed one, or the one before it. */
export interface CertificateUse {
  /** The hash of the renewed certificate, or the text of why it cannot be used; empty if there is none. */
  readonly renewed: string;
  readonly isRenewed: boolean;
  /** Why the renewed one is not in use; empty if it is, or if no reason is known. */
  readonly refusal: Message;
}

/**
 * Chooses the certificate for the next attempt of one uplink, in memory only: the renewed one first, the other after a refusal. By a
 * trusted clock, one that has expired or is not valid yet comes last.
 */
export class CertificateChoice {
  readonly #clock: Pick<Clock, 'wallMs' | 'quality'>;
  #pairs: readonly KeyPair[] = [];
  #current: KeyPair | null = null;
  #turn = 0;
  #renewed = '';
  #refusal: Message = NO_TEXT;

  constructor(clock: Pick<Clock, 'wallMs' | 'quality'>) {
    this.#clock = clock;
  }

  get use(): CertificateUse {
    const isRenewed = this.#current?.isRenewed === true;
    return { renewed: this.#renewed, isRenewed, refusal: isRenewed ? NO_TEXT : this.#refusal };
  }

  /**
   * Returns the certificate for the next attempt. Shape: `pairs` is not empty, renewed ones first; `flaw` is why a renewed one is not among
   * them, or empty.
   */
  choose(pairs: readonly KeyPair[], flaw: Message): KeyPair {
    const cert = pairs.find(({ isRenewed }) => isRenewed)?.cert ?? null;
    const renewed = cert === null ? String(flaw) : createHash('sha256').update(cert).digest('hex');
    if (renewed !== this.#renewed) this.retry();
    this.#renewed = renewed;
    if (cert === null) this.#refusal = flaw;
    // By a trusted clock, a certificate that has expired or is not valid yet is the last resort.
    this.#pairs = pairs.toSorted((a, b) => Number(this.#isOutOfDate(a)) - Number(this.#isOutOfDate(b)));
    const chosen = this.#pairs[this.#turn % this.#pairs.length] ?? { cert: null, key: null, isRenewed: false };
    if (cert !== null && this.#pairs[0]?.isRenewed === false && String(this.#refusal) === '') this.#refusal = msg`it is not valid today`;
    this.#current = chosen;
    return chosen;
  }

  /** The broker did not accept a connection with this pair, so another one is due if there is one. */
  noteRefused(reason: Message): void {
    if (this.#pairs.length < 2) return;
    if (this.#current?.isRenewed === true) this.#refusal = reason;
    this.#turn += 1;
  }

  /** The next attempt starts again with the first choice. */
  retry(): void {
    this.#turn = 0;
    this.#refusal = NO_TEXT;
  }

  #isOutOfDate({ cert }: KeyPair): boolean {
    const dates = cert === null ? null : readCertificate(cert);
    if (dates === null || !isTrusted(this.#clock.quality())) return false;
    const nowMs = this.#clock.wallMs();
    return nowMs < dates.fromMs || nowMs >= dates.untilMs;
  }
}
