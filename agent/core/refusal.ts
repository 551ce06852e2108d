/** An answer "no" to a person or a platform, with the reason to show. Not a programming error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
