/** The texts that were sent for a time: in memory for the decision, on disk for the next start. */
import { type Clock, isTrusted } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import type { Message } from '../core/message.ts';
import type { PanelConfig } from '../core/panel-config.ts';
import type { Log, PanelRequest, Store } from '../core/ports.ts';
import { RetriedSave, recallStored } from '../core/retried-save.ts';
import { changesOf, noteChange, type PanelPaces } from './panel-registers.ts';
import { readStoredTexts, resumedTexts, type StoredText, sentTextRefusal, toStoredTexts, withRequest } from './sent-texts.ts';
import type { SentText } from './text-decision.ts';

/** The dependencies with which `SentTextRegistry` is created. */
export interface SentTextParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** Times of accepted texts, by register, sender and whether it is an emergency. Each text that is accepted adds its own. */
  readonly paces: PanelPaces;
  /** Names of the registers that a panel writes, by the id of the panel. */
  readonly registers: ReadonlyMap<string, readonly string[]>;
}

const KEY = 'panels.sent';
/** The change of the stored texts when a copy replaces the stored state: all are removed. */
export const TEXTS_COPY_RULE: CopyRule = { key: KEY, change: 'remove' };

/**
 * The texts that were sent for a time, in memory and on disk. Those from before a restart are not in force before the clock is
 * trusted. Call `restore` once at the start, and `tend` regularly.
 */
export class SentTextRegistry {
  readonly #parts: SentTextParts;
  #sent: readonly SentText[] = [];
  /** Texts from before the start, until the time is known. `untilMono`: their latest end. */
  #waiting: readonly (StoredText & Pick<SentText, 'untilMono'>)[] = [];
  /** Kinds of texts for which a request arrived before the stored ones could be read. */
  readonly #early = new Set<string>();
  readonly #saves: RetriedSave;

  constructor(parts: SentTextParts) {
    this.#parts = parts;
    const { clock, store, log, registers } = parts;
    this.#saves = new RetriedSave({
      clock,
      recall: () => recallStored(store, KEY, (stored) => this.#takeStored(stored)),
      save: () => store.save(KEY, [...this.#waiting.map(({ untilMono: _, ...text }) => text), ...toStoredTexts(this.#sent, registers)]),
      onFailed: () =>
        log.event('panel-texts-not-saved', { check: 'the disk of store.dir; the texts hold until the agent stops' }, 'warning'),
    });
  }

  /** Resolves whether the present texts are on disk; otherwise they hold until the agent stops, or are saved later. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /** Reads the texts from the disk. If the disk cannot be read this is logged, and `tend` tries again. */
  async restore(): Promise<void> {
    if (!(await this.#saves.restore()))
      this.#parts.log.event('panel-texts-not-restored', { check: 'the disk of store.dir; it is read again' }, 'warning');
  }

  #takeStored(stored: unknown): void {
    const nowMono = this.#parts.clock.monoMs();
    const found = readStoredTexts(stored).map((text) => ({
      ...{ ...text, panel: this.#panelOf(text) },
      untilMono: nowMono + text.untilMs - text.sinceMs,
    }));
    this.#waiting = found.filter(({ panel, isEmergency }) => !this.#early.has(earlyKey({ panel, isEmergency })));
    this.#early.clear();
    this.#resume();
  }

  /** The texts in force for a panel whose senders the site still allows. */
  of(panel: PanelConfig): readonly SentText[] {
    return this.#allowed(panel, this.#sent);
  }

  /** Returns why a request is refused; empty if it is accepted. A text that waits for the time counts as one in force. */
  refusalOf(panel: PanelConfig, request: PanelRequest): Message {
    const accepted = changesOf(this.#parts.paces, this.#registersOf(request), paceKey(request));
    return sentTextRefusal(panel, request, {
      sent: this.#allowed(panel, [...this.#sent, ...this.#waiting]),
      accepted,
      nowMono: this.#parts.clock.monoMs(),
    });
  }

  /** Carries out a request that was not refused. */
  take(request: PanelRequest): void {
    const { clock, paces } = this.#parts;
    const nowMono = clock.monoMs();
    this.#sent = withRequest(this.#sent, request, { nowMs: clock.wallMs(), nowMono });
    this.#waiting = this.#waiting.filter(({ panel, isEmergency }) => panel !== request.panel || isEmergency !== request.isEmergency);
    if (!this.#saves.isRecalled) this.#early.add(earlyKey(request));
    if (request.text !== null) noteChange(paces, this.#registersOf(request), { what: paceKey(request), nowMono });
    this.#saves.now();
  }

  /** Ends a text before its time. A text that still waits for a trusted clock is not affected. */
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

  #allowed({ id, limits }: PanelConfig, texts: readonly SentText[]): readonly SentText[] {
    const nowMono = this.#parts.clock.monoMs();
    return texts.filter(
      ({ panel, isEmergency, sender, untilMono }) =>
        panel === id && nowMono < untilMono && (isEmergency ? limits.emergencyFrom : limits.textFrom).includes(sender),
    );
  }

  #registersOf({ panel }: Pick<PanelRequest, 'panel'>): readonly string[] {
    return this.#parts.registers.get(panel) ?? [];
  }

  /** The panel that now has the registers of a stored text. */
  #panelOf({ panel, registers = [] }: StoredText): string {
    return [...this.#parts.registers].find(([, now]) => now.some((each) => registers.includes(each)))?.[0] ?? panel;
  }

  #resume(): void {
    const { clock } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    const nowMono = clock.monoMs();
    const lasting = this.#waiting.filter(({ untilMono }) => nowMono < untilMono);
    this.#sent = resumedTexts(lasting, this.#sent, { nowMs: clock.wallMs(), nowMono });
    this.#waiting = [];
    this.#saves.now();
  }
}

function paceKey({ sender, isEmergency }: PanelRequest): string {
  return `${sender} ${isEmergency ? 'emergency' : 'text'}`;
}

function earlyKey({ panel, isEmergency }: Pick<PanelRequest, 'panel' | 'isEmergency'>): string {
  return `${isEmergency} ${panel}`;
}
