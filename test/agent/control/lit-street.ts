import { type FakeOptions, type FakeStreet, makeFakeStreet } from './fake-street.ts';

export const L1 = { kind: 'lamp', id: 'L1' } as const;
export const levelsOf = (street: FakeStreet): number[] => [...street.levels.values()];
/** The states of a command's outcomes, oldest first. */
export const stages = (street: FakeStreet, commandId: string): string[] =>
  street.outcomes.filter((o) => o.commandId === commandId).map(({ state }) => state);

/** A street with started control whose lamps have the levels of its first decision; its `writes` and `decisions` are emptied. */
export async function litStreet(t: { teardown(fn: () => unknown): void }, options?: FakeOptions): Promise<FakeStreet> {
  const street = makeFakeStreet(options);
  t.teardown(() => street.control.stop());
  await street.control.start();
  street.poll();
  await street.clock.advance(100);
  street.writes.length = 0;
  street.decisions.length = 0;
  return street;
}
