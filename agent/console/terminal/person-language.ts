/**
 * The language of the person at a one-shot command: from the environment, else from the cabinet file.
 *
 * A session has its own setting.
 */
import { readFileSync } from 'node:fs';
import type { Language } from '../../core/words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * French where the locale of the environment is French, else the language of the cabinet. `LC_ALL` decides alone, so that a script can choose English.
 *
 * Errors: none; English where the file cannot be read. Source: POSIX.1-2024, 8.2: LC_ALL before LC_MESSAGES before LANG.
 */
export async function personLanguage(environment: Environment, configFile: string): Promise<Language> {
  const { LC_ALL: all, LC_MESSAGES: messages, LANG: lang } = environment;
  if (isFrench(all || messages || lang)) return 'fr';
  return all ? 'en' : cabinetLanguage(configFile);
}

/** Whether the environment says that a terminal shows accents. Source: POSIX.1-2024, 8.2; the code set is behind the point of a locale. */
export function hasAccents({ LC_ALL: all, LC_CTYPE: letters, LANG: lang }: Environment): boolean {
  return /\.utf-?8/i.test(all || letters || lang || '');
}

function isFrench(locale: string | undefined): boolean {
  return /^fr($|[_.@-])/i.test(locale ?? '');
}

/** Looks for the word first: the library that reads YAML takes longer to load than most commands take in all. */
async function cabinetLanguage(configFile: string): Promise<Language> {
  try {
    const text = readFileSync(configFile, 'utf8');
    if (!/\blanguage['"]?\s*:\s*['"]?fr\b/.test(text)) return 'en';
    const { parse } = await import('yaml');
    const cabinet = parse(text) as { readonly console?: { readonly language?: unknown } } | null;
    return cabinet?.console?.language === 'fr' ? 'fr' : 'en';
  } catch {
    return 'en';
  }
}
