/**
 * Translates a message by its template in the language of the person; a text is unchanged.
 *
 * A template without a translation stays English. Only a process that prints text loads a catalogue, never the agent.
 */
import { Message, type Said, type Speech } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';

const ENGLISH: Speech = { template: () => undefined, isOne: (count) => count === 1 };
const speeches: Partial<Record<Language, Speech>> = {};
/** Applied to each template before it is filled. */
let adapted: (template: string) => string = (template) => template;

/**
 * Loads the translations of a language, for the whole process. Until this has resolved, messages in that language are English. Errors:
 * rejects with the system's error if the file of the language is missing.
 */
export async function learn(language: Language): Promise<void> {
  if (language === 'en') return;
  speeches[language] ??= (await import('../catalogue.ts')).readCatalogue(language);
}

/**
 * Sets a function that `translate` applies to each translated template, or English one, before the arguments are inserted. It is for the
 * whole process and replaces the one set before.
 */
export function adaptTemplates(adapt: (template: string) => string): void {
  adapted = adapt;
}

/**
 * Returns the message in that language; in English if the language is not loaded or has no translation. A plain text is returned unchanged.
 */
export function translate(language: Language, said: Said): string {
  if (!(said instanceof Message)) return said;
  const { template, isOne } = speeches[language] ?? ENGLISH;
  return said.in({ template: (id) => adapted(template(id) ?? id), isOne });
}
