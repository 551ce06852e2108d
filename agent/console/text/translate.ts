/**
 * What is said, in the language of the person: a message by its template in that language, a text as it is.
 *
 * A template without a translation stays English. A catalogue is loaded only by a process that shows its language, never by the agent.
 */
import { Message, type Said, type Speech } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';

const ENGLISH: Speech = { template: () => undefined, isOne: (count) => count === 1 };
const speeches: Partial<Record<Language, Speech>> = {};
/** What a process does with each template before it is filled. */
let adapted: (template: string) => string = (template) => template;

/** Loads the templates of a language; without them messages stay English. */
export async function learn(language: Language): Promise<void> {
  if (language === 'en') return;
  speeches[language] ??= (await import('../catalogue.ts')).readCatalogue(language);
}

/** From now on each template is shown as `adapt` makes it, in every language: a session leaves the name of the program out. */
export function adaptTemplates(adapt: (template: string) => string): void {
  adapted = adapt;
}

/** The message in that language, once it is learnt; a text as it is. */
export function translate(language: Language, said: Said): string {
  if (!(said instanceof Message)) return said;
  const { template, isOne } = speeches[language] ?? ENGLISH;
  return said.in({ template: (id) => adapted(template(id) ?? id), isOne });
}
