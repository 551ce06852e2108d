/** One panel: its decided text, what of it is shown, and the reason for both. */
import { type FittedText, fitText } from '../../drivers/modbus/text-codec.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { inTurn } from '../core/message-lists.ts';
import type { PanelConfig } from '../core/panel-config.ts';
import type { PanelView } from '../core/panel-tools.ts';
import type { Log } from '../core/ports.ts';
import { spell } from '../lighting/spell.ts';
import { nextChangeMono } from './change-pace.ts';
import type { PanelProgress } from './panel-commands.ts';
import { changesOf, noteChange, type PanelPaces } from './panel-registers.ts';
import type { PanelSchedule } from './panel-schedule.ts';
import { PanelWriter, type PanelWriterParts } from './panel-writer.ts';
import { decideText, type TextDecision, type TextFacts } from './text-decision.ts';
import { characterName } from './text-template.ts';

/** The changes of the shown text, in the paces. */
const SHOWN = 'shown';

/** The panel, its schedule, and the dependencies with which `PanelDisplay` is created. */
export interface PanelDisplayParts extends Omit<PanelWriterParts, 'id'> {
  readonly panel: PanelConfig;
  readonly schedule: PanelSchedule;
  readonly log: Log;
  /** Names of the registers that the panel writes, as `panelRegisters` returns them. */
  readonly registers: readonly string[];
  /** Times of changes of the shown text, by register. `decide` adds those of this panel, except changes to an emergency text. */
  readonly paces: PanelPaces;
}

/** A decision with the time since when its source has decided. */
interface Decided extends TextDecision {
  readonly sinceMs: WallMs;
}

/** One panel: decides its text, writes it once it may change, and reports what is shown. Call `decide` regularly. */
export class PanelDisplay {
  readonly panel: PanelConfig;
  readonly #parts: PanelDisplayParts;
  readonly #writer: PanelWriter;
  #decided: Decided | null = null;
  /** The text that is being shown, and how it was fitted; null before the first. */
  #shown: { readonly text: string; readonly fitted: FittedText } | null = null;
  /** The text waits for this time, because the panel has changed too often; 0 if it does not wait. */
  #waitsMono: MonoMs = 0;

  constructor(parts: PanelDisplayParts) {
    this.panel = parts.panel;
    this.#parts = parts;
    this.#writer = new PanelWriter({ ...parts, id: parts.panel.id });
  }

  /** Decides the text, and writes the lines that are due. */
  decide(facts: Omit<TextFacts, 'entry'>): void {
    const { clock, schedule } = this.#parts;
    const entry = facts.isTimeKnown ? schedule.at(clock.wallMs()) : null;
    const decision = decideText(this.panel, { ...facts, entry });
    const before = this.#decided;
    const isSame = before?.rank === decision.rank && before.source === decision.source && before.sentId === decision.sentId;
    this.#decided = { ...decision, sinceMs: isSame ? before.sinceMs : clock.wallMs() };
    this.#change(decision);
    if (this.#shown !== null) this.#writer.follow(this.#shown.fitted.lines);
  }

  /** Call it when the device answers again after an absence: `decide` then writes the lines again. */
  returned(): void {
    this.#writer.returned();
  }

  /** Undefined before the first decision. */
  view(): PanelView | undefined {
    if (this.#decided === null) return undefined;
    const { text, rank, source, sinceMs, untilMs, trace } = this.#decided;
    const { state, trouble } = this.progress() ?? { state: 'waiting', trouble: NO_TEXT };
    const { id, device } = this.panel;
    const fitted = this.#shown === null ? NO_TEXT : fittedText(this.#shown.fitted);
    return { id, device, text, rank, source, sinceMs, untilMs, lines: this.#shown?.fitted.lines ?? [], fitted, state, trouble, trace };
  }

  /** Undefined before the first decision. */
  progress(): PanelProgress | undefined {
    if (this.#decided === null) return undefined;
    const { rank, source, sentId, text } = this.#decided;
    const common = { rank, source, sentId };
    if (this.#shown?.text === text) return { ...common, ...this.#writer.progress };
    return { ...common, state: 'waiting', trouble: this.#waitText(), isSent: false };
  }

  #change({ text, rank, source }: TextDecision): void {
    const { clock, log, lines, events, paces, registers } = this.#parts;
    const nowMono = clock.monoMs();
    if (this.#shown?.text === text) {
      this.#waitsMono = 0;
      return;
    }
    // A person must read an emergency at once, and the text after it is not to wait for what the emergency changed.
    const freeMono = rank === 'emergency' ? 0 : nextChangeMono(this.panel.limits, changesOf(paces, registers, SHOWN));
    this.#waitsMono = nowMono < freeMono ? freeMono : 0;
    if (this.#waitsMono > 0) return;
    const fitted = fitText(
      lines.map(({ format }) => format),
      text,
    );
    this.#shown = { text, fitted };
    if (rank !== 'emergency') noteChange(paces, registers, { what: SHOWN, nowMono });
    const said = fittedText(fitted);
    log.event('panel-text', { panel: this.panel.id, text, rank, source, ...(String(said) === '' ? {} : { fitted: String(said) }) });
    const isLasting = fitted.cut.length > 0;
    events.set(isLasting, {
      code: 'panel-text-cut',
      source: this.panel.id,
      severity: 'info',
      text: isLasting ? msg`panel ${this.panel.id}: ${said}` : msg`panel ${this.panel.id} shows its whole text`,
    });
  }

  #waitText(): Message {
    const restMs = this.#waitsMono - this.#parts.clock.monoMs();
    if (this.#waitsMono === 0 || restMs <= 0) return NO_TEXT;
    const { changesPerMin, changesPerHour } = this.panel.limits;
    return msg`waits ${spell(restMs)}: at most ${changesPerMin} changes a minute and ${changesPerHour} an hour`;
  }
}

/** What was changed to fit a text; empty if nothing was. */
function fittedText({ cut, replaced }: FittedText): Message {
  return inTurn([
    ...(cut.length > 0 ? [msg`"${cut.join(' ')}" is cut off`] : []),
    ...(replaced.length > 0 ? [msg`characters that the panel does not have: ${replaced.map(characterName)}`] : []),
  ]);
}
