/** The texts that were sent for a time: in memory for the decision, on disk for the next start. */
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import type { Message } from '../core/message.ts';
import type { PanelConfig } from '../core/panel-config.ts';
import type { Log, PanelRequest, Store } from '../core/ports.ts';
import { RetriedSave } from '../core/retried-save.ts';
import { withChange } from './change-pace.ts';
import { readStoredTexts, resumedTexts, type StoredText, sentTextRefusal, toStoredTexts, withRequest } from './sent-texts.ts';
import type { SentText } from './text-decision.ts';

/** The dependencies with which `SentTextRegistry` is created. */
export interface SentTextParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
}

const KEY = 'panels.sent';
/**
 * The change of the stored texts when a copy replaces the stored state: all are removed, because the sender may have ended them since the copy was
 * made.
 */
export const TEXTS_COPY_RULE: CopyRule = { key: KEY, change: 'remove' };

/**
 * The texts that were sent for a time, in memory and on disk. Call `restore` once at the start, and `tend` regularly. A text from before
 * the start waits until the clock is trusted.
 */
export class SentTextRegistry {
  readonly #parts: SentTextParts;
  #sent: readonly SentText[] = [];
  /** Texts from before the start, until the time is known. */
  #waiting: readonly StoredText[] = [];
  /** When texts were accepted, by panel and sender. */
  readonly #accepted = new Map<string, readonly MonoMs[]>();
  readonly #saves: RetriedSave;

  constructor(parts: SentTextParts) {
    this.#parts = parts;
    const { clock, store, log } = parts;
    this.#saves = new RetriedSave({
      clock,
      save: () => store.save(KEY, [...this.#waiting, ...toStoredTexts(this.#sent)]),
      onFailed: () =>
        log.event('panel-texts-not-saved', { check: 'the disk of store.dir; the texts hold until the agent stops' }, 'warning'),
    });
  }

  /** Resolves whether the present texts are on disk; otherwise they hold until the agent stops, or are saved later. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /** Reads the texts from the disk. */
  async restore(): Promise<void> {
    const { store, log } = this.#parts;
    try {
      this.#waiting = readStoredTexts(await store.load(KEY));
      this.#resume();
    } catch (cause) {
      log.event('panel-texts-not-restored', { cause: String(cause) }, 'warning');
    }
  }

  /** The texts in force for a panel whose senders the site still allows. */
  of({ id, limits }: PanelConfig): readonly SentText[] {
    const nowMono = this.#parts.clock.monoMs();
    return this.#sent.filter(
      ({ panel, isEmergency, sender, untilMono }) =>
        panel === id && nowMono < untilMono && (isEmergency ? limits.emergencyFrom : limits.textFrom).includes(sender),
    );
  }

  /** Returns why a request is refused; empty if it is accepted. */
  refusalOf(panel: PanelConfig, request: PanelRequest): Message {
    const accepted = this.#accepted.get(paceKey(request)) ?? [];
    return sentTextRefusal(panel, request, { sent: this.of(panel), accepted, nowMono: this.#parts.clock.monoMs() });
  }

  /** Carries out a request that was not refused. */
  take(request: PanelRequest): void {
    const { clock } = this.#parts;
    const nowMono = clock.monoMs();
    this.#sent = withRequest(this.#sent, request, { nowMs: clock.wallMs(), nowMono });
    this.#waiting = this.#waiting.filter(({ panel, isEmergency }) => panel !== request.panel || isEmergency !== request.isEmergency);
    if (request.text !== null) this.#accepted.set(paceKey(request), withChange(this.#accepted.get(paceKey(request)) ?? [], nowMono));
    this.#saves.now();
  }

  /** Ends a text before its time. */
  withdraw(id: string): void {
    this.#sent = this.#sent.filter((text) => text.id !== id);
    this.#saves.now();
  }

  /** Ends expired texts, and resumes those that waited for the time. */
  tend(): void {
    const nowMono = this.#parts.clock.monoMs();
    const kept = this.#sent.filter(({ untilMono }) => nowMono < untilMono);
    if (kept.length < this.#sent.length) {
      this.#sent = kept;
      this.#saves.now();
    }
    this.#resume();
    this.#saves.tend();
  }

  #resume(): void {
    const { clock } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    this.#sent = resumedTexts(this.#waiting, this.#sent, { nowMs: clock.wallMs(), nowMono: clock.monoMs() });
    this.#waiting = [];
    this.#saves.now();
  }
}

function paceKey({ panel, sender, isEmergency }: PanelRequest): string {
  return `${panel} ${sender} ${isEmergency}`;
}
