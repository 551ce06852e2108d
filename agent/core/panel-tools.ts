/**
 * The panels for console and platform: what each shows and why.
 */
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { Outcome } from './words.ts';

/** The ranks of the texts for a panel, highest priority first. */
export const TEXT_RANKS = ['emergency', 'sent', 'rule', 'schedule', 'fallback'] as const;
/** The rank of a text, one of `TEXT_RANKS`, highest first: `emergency`, `sent`, `rule`, `schedule`, `fallback`. */
export type TextRank = (typeof TEXT_RANKS)[number];

/** What one source contributed to the decision about a panel. */
export interface TextLine {
  readonly rank: TextRank;
  /** What gave the text, such as the sender or the rule; may be empty. */
  readonly source: string;
  /** Null if it does not apply, or cannot be shown: a value is missing, or a limit of the panel forbids it. */
  readonly text: string | null;
  /** It is the text that was decided. */
  readonly applied: boolean;
  /** One plain sentence. */
  readonly why: Message;
  /** When it ends by itself; null if it has no known end. */
  readonly untilMs: WallMs | null;
}

/** One panel with its text, the reason, and whether the device shows it. */
export interface PanelView {
  readonly id: string;
  readonly device: string;
  /** The text that was decided; it may not be shown yet (`state`). */
  readonly text: string;
  readonly rank: TextRank;
  /** What gave the text: its sender, its rule, the number of its schedule entry, or the panel for the fallback. */
  readonly source: string;
  /**
   * Since when this source decides the text, at the earliest the last restart or change of configuration. The text may have changed since,
   * and may not be shown yet.
   */
  readonly sinceMs: WallMs;
  /** When the text ends by itself; null if it has no known end. */
  readonly untilMs: WallMs | null;
  /** The lines to be written, fitted to the panel's length and characters. They may be those of an earlier text; empty before the first. */
  readonly lines: readonly string[];
  /** What was changed in `lines` to fit; empty if nothing was. */
  readonly fitted: Message;
  /**
   * `shown`: read back. `acknowledged`: written, but not all of it can be read back. `waiting`: not confirmed yet. `not-shown`: see
   * `trouble`.
   */
  readonly state: 'shown' | 'acknowledged' | 'waiting' | 'not-shown';
  /** Why it is not shown and what to check, or why it waits, if that is known; empty otherwise. */
  readonly trouble: Message;
  /** Highest rank first. */
  readonly trace: readonly TextLine[];
}

/** A request of a person at the console for a panel. `text` null: ends the text that was sent, or the emergency text if `isEmergency`. */
export interface PanelOrder {
  readonly panel: string;
  readonly text: string | null;
  readonly isEmergency: boolean;
  /** How long the text is in force, from the request on; no effect if `text` is null. */
  readonly minutes: number;
  /** `console:<user>`. */
  readonly source: string;
}

/** The panels for the console. */
export interface PanelTools {
  /** In the order of the configuration; a panel without a decision is left out. */
  views(): readonly PanelView[];
  /**
   * Resolves with the final outcome; a refusal is an outcome with its reason. A text that was not shown in time has failed, but it usually
   * stays in force and may be shown later.
   */
  send(order: PanelOrder): Promise<Outcome>;
}
