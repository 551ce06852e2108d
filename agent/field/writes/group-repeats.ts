/**
 * Broadcasts that are to be said once more.
 *
 * Owns when, and whether it still makes sense. Pure data with an order.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LevelPct, PointId } from '../../core/words.ts';
import type { GroupChoice } from './group-choice.ts';

interface GroupRepeat {
  readonly choice: GroupChoice;
  readonly dueMono: MonoMs;
}

export interface GroupRepeats {
  add(choice: GroupChoice, dueMono: MonoMs): void;
  /** The next that is due and still wanted; those that are not are forgotten. */
  take(nowMono: MonoMs): GroupChoice | undefined;
  isDue(nowMono: MonoMs): boolean;
  nextMono(): MonoMs | undefined;
  clear(): void;
}

/** `wantedPct` is the newest level wished for a point: a repetition must not undo it for a single lamp. */
export function createGroupRepeats(wantedPct: (pointId: PointId) => LevelPct | undefined): GroupRepeats {
  let repeats: GroupRepeat[] = [];
  const isWanted = ({ choice: { group, writes } }: GroupRepeat): boolean =>
    group.members.every((pointId) => wantedPct(pointId) === writes[0]?.write.levelPct);
  const first = (): GroupRepeat | undefined => {
    repeats = repeats.filter(isWanted);
    return repeats[0];
  };
  return {
    add: (choice, dueMono) => void repeats.push({ choice, dueMono }),
    take(nowMono) {
      const due = first();
      if (due === undefined || due.dueMono > nowMono) return undefined;
      repeats.shift();
      return due.choice;
    },
    isDue: (nowMono) => (first()?.dueMono ?? Number.POSITIVE_INFINITY) <= nowMono,
    nextMono: () => first()?.dueMono,
    clear() {
      repeats = [];
    },
  };
}
