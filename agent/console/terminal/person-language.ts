/**
 * The language of the person at a one-shot command: from the environment, otherwise from the cabinet file.
 *
 * A session has its own setting.
 */
import { readFileSync } from 'node:fs';
import type { Language } from '../../core/words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Resolves with the language for a person: French if the locale of the environment is French, English if `LC_ALL` is another one. Otherwise
 * that of the cabinet file; English if the file cannot be read.
 *
 * Errors: none. Source: POSIX.1-2024, 8.2: LC_ALL before LC_MESSAGES before LANG.
 */
export async function personLanguage(environment: Environment, configFile: string): Promise<Language> {
  const { LC_ALL: all, LC_MESSAGES: messages, LANG: lang } = environment;
  if (isFrench(all || messages || lang)) return 'fr';
  return all ? 'en' : cabinetLanguage(configFile);
}

/**
 * Returns whether the locale of the environment is in UTF-8; false without a locale. Source: POSIX.1-2024, 8.2; the character set follows
 * the point in a locale.
 */
export function hasAccents({ LC_ALL: all, LC_CTYPE: letters, LANG: lang }: Environment): boolean {
  return /\.utf-?8/i.test(all || letters || lang || '');
}

function isFrench(locale: string | undefined): boolean {
  return /^fr($|[_.@-])/i.test(locale ?? '');
}

/** Searches for the key as text first: loading the YAML library takes longer than most commands. */
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
