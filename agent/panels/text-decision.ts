/**
 * Decides the text of a panel, and why. Pure.
 *
 * Precedence: emergency, text that was sent, rule, schedule, fallback. A text whose value is missing is passed over, so the next one applies.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { PanelConfig, TextSender } from '../core/panel-config.ts';
import type { TextLine, TextRank } from '../core/panel-tools.ts';
import type { RuleState } from '../lighting/lighting.ts';
import type { AppliedEntry } from './panel-schedule.ts';
import { characterName, filledText, foreignCharacters } from './text-template.ts';

/** A text that was sent for a time. It is plain text: braces are shown as they are. */
export interface SentText {
  /** The id of its command. */
  readonly id: string;
  readonly panel: string;
  readonly text: string;
  readonly isEmergency: boolean;
  readonly sender: TextSender;
  /** For display: `platform`, `console:<user>`. */
  readonly source: string;
  /** Its start: `untilMs` less the time for which it was sent. */
  readonly sinceMs: WallMs;
  /** For display and for the next start; the text ends by monotonic time. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
}

/** The inputs from which the text of a panel is decided, besides its configuration. */
export interface TextFacts {
  /** In force for this panel. */
  readonly sent: readonly SentText[];
  /** By the id of the rule. */
  readonly ruleStates: ReadonlyMap<string, RuleState>;
  /** The entry of the schedule; null if none applies. */
  readonly entry: AppliedEntry | null;
  readonly isTimeKnown: boolean;
  /** Returns a value of the panel as text, by the id of the value: its number, a word, or its `missing` text. Null if it has none. */
  readonly valueNamed: (name: string) => string | null;
}

/**
 * The text of a panel, and why. `source`: its sender, its rule, the number of its schedule entry, or the panel for the fallback. `sentId`:
 * its command; null if it was not sent. `untilMs`: its expected end, but it may end sooner; null if not known.
 */
export interface TextDecision {
  readonly text: string;
  readonly rank: TextRank;
  readonly source: string;
  readonly sentId: string | null;
  readonly untilMs: WallMs | null;
  /** One line for each possible source, also for those that do not apply. Highest rank first. */
  readonly trace: readonly TextLine[];
}

/** What one source would show; `text` is null where it does not apply. */
interface Candidate extends Omit<TextLine, 'applied'> {
  readonly sentId: string | null;
}

/**
 * Returns the text to be shown: the first in the order of `TEXT_RANKS` that applies and can be shown. A text can be shown if no value in it
 * is missing and the panel's limits allow it. The fallback always can.
 */
export function decideText(panel: PanelConfig, facts: TextFacts): TextDecision {
  const candidates = [
    ...sentLines(facts, 'emergency'),
    ...sentLines(facts, 'sent'),
    ...ruleLines(panel, facts),
    ...scheduleLines(panel, facts),
    { rank: 'fallback', source: panel.id, text: panel.fallback, why: msg`nothing else applies`, untilMs: null, sentId: null } as const,
  ].map((candidate) => withinLimits(candidate, panel));
  const index = Math.max(
    0,
    candidates.findIndex(({ text }) => text !== null),
  );
  const chosen = candidates[index] as Candidate;
  return {
    text: chosen.text ?? '',
    rank: chosen.rank,
    source: chosen.source,
    sentId: chosen.sentId,
    untilMs: chosen.untilMs,
    trace: candidates.map(({ sentId: _, ...line }, i) => ({ ...line, applied: i === index })),
  };
}

function sentLines({ sent }: TextFacts, rank: 'emergency' | 'sent'): Candidate[] {
  return sent
    .filter(({ isEmergency }) => isEmergency === (rank === 'emergency'))
    .map(({ id, text, source, untilMs, sender }) => ({ rank, source, text, untilMs, sentId: id, why: sentBy(sender) }));
}

function sentBy(sender: TextSender): Message {
  return sender === 'platform' ? msg`sent by the platform` : msg`sent at the console`;
}

function ruleLines({ rules }: PanelConfig, { ruleStates, valueNamed }: TextFacts): Candidate[] {
  return rules.map(({ rule, text }) => {
    const common = { rank: 'rule', source: rule, untilMs: null, sentId: null } as const;
    if (ruleStates.get(rule)?.holds !== true) return { ...common, text: null, why: msg`rule ${rule} does not hold` };
    return { ...common, ...filled(text, valueNamed, msg`rule ${rule} holds`) };
  });
}

function scheduleLines({ schedule }: PanelConfig, { entry, isTimeKnown, valueNamed }: TextFacts): Candidate[] {
  if (schedule.length === 0) return [];
  const none = { rank: 'schedule', source: '', text: null, untilMs: null, sentId: null } as const;
  if (!isTimeKnown) return [{ ...none, why: msg`the time is not known` }];
  if (entry === null) return [{ ...none, why: msg`no entry applies now` }];
  const { number, text, untilMs } = entry;
  return [
    { rank: 'schedule', source: String(number), untilMs, sentId: null, ...filled(text, valueNamed, msg`entry ${number} of the schedule`) },
  ];
}

function filled(text: string, valueNamed: TextFacts['valueNamed'], why: Message): Pick<Candidate, 'text' | 'why'> {
  const result = filledText(text, valueNamed);
  return 'text' in result ? { text: result.text, why } : { text: null, why: msg`${why}, but ${result.missing} has no value` };
}

/** The check of the file covers all but values: a number may be longer, or have signs that the site does not allow. */
function withinLimits(candidate: Candidate, { limits }: PanelConfig): Candidate {
  const { text, why, rank } = candidate;
  if (text === null || rank === 'fallback') return candidate;
  if ([...text].length > limits.maxLength)
    return { ...candidate, text: null, why: msg`${why}, but the text is longer than limits.maxLength, ${limits.maxLength}` };
  const foreign = foreignCharacters(text, limits.characters);
  return foreign.length === 0
    ? candidate
    : { ...candidate, text: null, why: msg`${why}, but limits.characters does not allow ${foreign.map(characterName)}` };
}
