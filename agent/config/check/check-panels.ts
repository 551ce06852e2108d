import { msg } from '../../core/message.ts';
import { DEFAULT_LIMITS } from '../../core/panel-config.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import { characterName, foreignCharacters, foreignInTemplate, longestText, namesIn } from '../../panels/text-template.ts';
import { checkDays } from './check-calendars.ts';
import { type Named, repeatedBy } from './check-names.ts';
import { given, type Index, type PanelDraft, type Placed, placed, unknownName } from './draft.ts';
import type { Finding } from './finding.ts';

/** Returns what is wrong with panels, such as an unknown name or a text that is too long; empty if nothing is found. */
export function checkPanels(index: Index): Finding[] {
  return [
    ...index.panels.flatMap((panel) => [...checkNames(panel, index), ...checkTexts(panel), ...checkWords(panel)]),
    ...checkDays(
      index,
      index.panels.flatMap(({ value, path }) => placed(value.schedule, [...path, 'schedule'])),
    ),
    ...checkTwice(index),
  ];
}

function checkNames({ value, path }: Placed<PanelDraft>, { known }: Index): Finding[] {
  const rules = placed(value.rules, [...path, 'rules']);
  return [
    ...unknownName({ what: 'device', id: value.device, known: known.devices, path: [...path, 'device'] }),
    ...rules.flatMap((each) => unknownName({ what: 'rule', id: each.value.rule, known: known.rules, path: [...each.path, 'rule'] })),
    ...repeatedBy(
      rules.map((each): Named => ({ id: each.value.rule, path: [...each.path, 'rule'] })),
      (rule) => msg`rule "${rule}" is listed twice; only the first would count`,
    ),
    ...repeatedBy(
      placed(value.values, [...path, 'values']).map((each): Named => ({ id: each.value.id, path: [...each.path, 'id'] })),
      (id) => msg`there are two values "${id}"`,
    ),
  ];
}

interface PlacedText {
  readonly text: string;
  readonly path: Finding['path'];
}

function textsOf({ value, path }: Placed<PanelDraft>): PlacedText[] {
  const own = ({ value: { text }, path: at }: Placed<{ readonly text?: string | undefined }>): PlacedText[] =>
    text === undefined ? [] : [{ text, path: [...at, 'text'] }];
  return [...placed(value.rules, [...path, 'rules']).flatMap(own), ...placed(value.schedule, [...path, 'schedule']).flatMap(own)];
}

/** A text of the file obeys the same limits as one that is sent, so a revision cannot get around them. */
function checkTexts(panel: Placed<PanelDraft>): Finding[] {
  const { value, path } = panel;
  const values = given(value, 'values', []);
  const fallback = value.fallback === undefined ? [] : [{ text: value.fallback, path: [...path, 'fallback'] }];
  const names = values?.flatMap((each) => (each?.id === undefined ? [] : [each.id])) ?? null;
  return [
    ...fallback.flatMap((each) =>
      namesIn(each.text).length === 0
        ? []
        : [{ path: each.path, message: msg`the fallback has no values, because it is shown when they are missing; write plain text` }],
    ),
    ...textsOf(panel).flatMap((each) => (names === null ? [] : unknownValues(each, names))),
    ...[...fallback, ...textsOf(panel)].flatMap((each) => checkLimits(each, panel)),
  ];
}

function unknownValues({ text, path }: PlacedText, names: readonly string[]): Finding[] {
  return namesIn(text)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path,
      message: msg`"{${name}}" is none of the values of this panel${didYouMean(name, names, msg`; there are: ${listNames(names)}`)}`,
    }));
}

function checkLimits({ text, path }: PlacedText, { value: { limits, values } }: Placed<PanelDraft>): Finding[] {
  const maxLength = limits?.maxLength ?? DEFAULT_LIMITS.maxLength;
  const known = placed(values, []).map((each) => each.value);
  const length = longestText(text, known);
  const allowed = limits?.characters ?? null;
  // A word is shown as it is, with its braces.
  const all = [...foreignInTemplate(text, allowed), ...wordsIn(text, known).flatMap((word) => foreignCharacters(word, allowed))];
  const foreign = [...new Set(all)].map(characterName);
  return [
    ...(length > maxLength
      ? [{ path, message: msg`has up to ${length} characters, limits.maxLength of this panel is ${maxLength}; shorten it` }]
      : []),
    ...(foreign.length > 0
      ? [{ path, message: msg`has characters that limits.characters of this panel does not allow: ${foreign}; replace them` }]
      : []),
  ];
}

/** The words and the signs for a missing value that a text may contain. */
function wordsIn(text: string, values: readonly NonNullable<NonNullable<PanelDraft['values']>[number]>[]): string[] {
  const used = new Set(namesIn(text));
  return values
    .filter(({ id }) => id !== undefined && used.has(id))
    .flatMap(({ words, missing }) => [missing, ...placed(words, []).map((each) => each.value.word)])
    .filter((word) => typeof word === 'string');
}

/** Only the last word may be without a limit; each limit is above the one before. */
function checkWords({ value, path }: Placed<PanelDraft>): Finding[] {
  return placed(value.values, [...path, 'values']).flatMap((each) => {
    const words = placed(each.value.words, [...each.path, 'words']);
    return words.flatMap((word, i): Finding[] => {
      const below = given(word.value, 'below', null);
      const before = i === 0 ? undefined : given(words[i - 1]?.value ?? {}, 'below', null);
      if (before === null)
        return [{ path: word.path, message: msg`the word above has no limit, so this one is never shown; give it "below"` }];
      if (typeof below !== 'number' || typeof before !== 'number' || below > before) return [];
      return [{ path: [...word.path, 'below'], message: msg`found ${below}, the word above ends at ${before}; list the lowest first` }];
    });
  });
}

/** A point is written by one panel only. */
function checkTwice({ panels }: Index): Finding[] {
  const points = panels.flatMap(({ value: { device, points: names }, path }) =>
    placed(names, [...path, 'points']).map(
      (each): Named => ({ id: device === undefined ? undefined : `${device}.${each.value}`, path: each.path }),
    ),
  );
  return repeatedBy(points, (point) => msg`"${point}" is already a line of a panel; list each point once`);
}
