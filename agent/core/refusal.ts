import type { Message } from './message.ts';

/** A request was refused; not a programming error. `said` is the reason, for the person or platform that sent the request. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly said: Message;

  constructor(said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
  }
}
