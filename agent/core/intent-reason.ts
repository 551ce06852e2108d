/** The reason of an intent, for display. */
import { type Message, msg } from './message.ts';
import type { Intent } from './words.ts';

/** Reasons of the agent's own intents: contacts of the site, and lamps that blink. */
const OWN_REASONS: Readonly<Record<string, Message>> = {
  'emergency key': msg`emergency key`,
  'lights-on button': msg`lights-on button`,
  identify: msg`identify`,
};

/**
 * Returns the reason for display: a message for a known reason of a contact or a blinking lamp (`goesByItself`). Otherwise the stored text,
 * which is not translated.
 */
export function reasonOf({ reason, goesByItself }: Pick<Intent, 'reason' | 'goesByItself'>): Message | string {
  return (goesByItself === true && Object.hasOwn(OWN_REASONS, reason) ? OWN_REASONS[reason] : undefined) ?? reason;
}
