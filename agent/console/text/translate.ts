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

/** Loads the templates of a language; without them messages stay English. */
export async function learn(language: Language): Promise<void> {
  if (language === 'en') return;
  speeches[language] ??= (await import('../catalogue.ts')).readCatalogue(language);
}

/** Applies `adapt` to each later template, in every language: a session removes the name of the program. */
export function adaptTemplates(adapt: (template: string) => string): void {
  adapted = adapt;
}

/** Returns the message in that language if it is loaded; a text is unchanged. */
export function translate(language: Language, said: Said): string {
  if (!(said instanceof Message)) return said;
  const { template, isOne } = speeches[language] ?? ENGLISH;
  return said.in({ template: (id) => adapted(template(id) ?? id), isOne });
}
