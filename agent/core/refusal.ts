import type { Message } from './message.ts';

/** An answer "no" to a person or a platform, with the reason to show. Not a programming error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly said: Message;

  constructor(said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
  }
}
