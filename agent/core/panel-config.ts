/**
 * The information panels of a cabinet as `cabinet.yaml` describes them: points, texts, and the limits of the site.
 */
import type { CalendarRule, StepTime } from './zone-config.ts';

/** The senders of a text: a person at the console of the cabinet, or the platform of the city. */
export const TEXT_SENDERS = ['console', 'platform'] as const;
/** A sender of texts, one of `TEXT_SENDERS`: `console`, which is a person at the cabinet, or `platform`. */
export type TextSender = (typeof TEXT_SENDERS)[number];

/** One information panel, its texts and limits. */
export interface PanelConfig {
  readonly id: string;
  readonly device: string;
  /** Text points of the device, one for each line of the panel, top line first. */
  readonly points: readonly string[];
  /** Shown while no other text applies and can be shown. It has no values. */
  readonly fallback: string;
  readonly limits: PanelLimits;
  /** Values for the templates of `rules` and `schedule`, by their id. */
  readonly values: readonly PanelValue[];
  /** The first active rule has precedence; if its text cannot be shown, the next active one. */
  readonly rules: readonly { readonly rule: string; readonly text: string }[];
  /** Only the first entry that applies counts, even if its text cannot be shown for lack of a value. */
  readonly schedule: readonly PanelEntry[];
}

/** The limits for the texts of a panel. */
export interface PanelLimits {
  /** Longest allowed text. Units: characters. */
  readonly maxLength: number;
  /**
   * Most changes of the shown text, and most texts that one `TextSender` may send, counted apart for emergency and other texts. A change to
   * an accepted emergency text does not wait for this limit, and is not counted.
   */
  readonly changesPerMin: number;
  readonly changesPerHour: number;
  /**
   * The only characters that a text may contain, besides the space. Null for all but those of Unicode category C, such as control
   * characters; a text that is sent may never contain these. Only texts of the configuration may also contain a newline.
   */
  readonly characters: string | null;
  /** The senders whose texts are accepted. */
  readonly textFrom: readonly TextSender[];
  /** The senders whose emergency texts are accepted. */
  readonly emergencyFrom: readonly TextSender[];
}

/**
 * Used for the limits of a panel that the file of the site does not set. Source: assumed; two lines of 32 characters, and a text that can
 * be read before it changes. Confirmed by: the panels of a commune and the time to read them from a bicycle.
 */
export const DEFAULT_LIMITS: PanelLimits = {
  maxLength: 64,
  changesPerMin: 4,
  changesPerHour: 60,
  characters: null,
  textFrom: ['console', 'platform'],
  emergencyFrom: ['console'],
};

/** A value of a point in a text. */
export interface PanelValue {
  /** Its name in the texts, in braces: `{bikes}`. */
  readonly id: string;
  /** `<device>.<quantity>` */
  readonly point: string;
  /**
   * True: the increase since the last reading of the day before (local time), or without one since the first reading of this day. It has no
   * value before the first reading of the day, and while the time is not trusted. False: the newest reading; it has no value unless that is
   * good.
   */
  readonly today: boolean;
  /** The text shows exactly this many digits after the decimal point. */
  readonly decimals: number;
  /** Words in place of the number, in ascending order of `below`; null for the number. `below` null: all higher values. */
  readonly words: readonly { readonly below: number | null; readonly word: string }[] | null;
  /** Shown while there is no value, or no word fits it; null: a text with this value is then not shown. */
  readonly missing: string | null;
}

/** A text for some days and a time of day. */
export interface PanelEntry {
  readonly text: string;
  /** This and `until`: a clock time, or minutes from `sunset` or `sunrise`. Other values of the type do not occur. */
  readonly at: StepTime;
  /** A time that is not later than `at` belongs to the next day. */
  readonly until: StepTime;
  /** The days on which it begins. */
  readonly days: Omit<CalendarRule, 'programme'>;
}
