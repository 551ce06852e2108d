import type { Message } from './message.ts';

/** A request was refused; `reason` is for the person or platform that sent it. Not a programming error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly said: Message;

  constructor(said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
  }
}
