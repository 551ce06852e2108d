/**
 * Broadcasts that are to be sent once more.
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
  /** The next one that is due. Those that a newer level has overtaken are discarded. */
  take(nowMono: MonoMs): GroupChoice | undefined;
  isDue(nowMono: MonoMs): boolean;
  nextMono(): MonoMs | undefined;
  clear(): void;
}

/** `wantedPct` returns the newest level of a point: a repetition must not undo it for a single lamp. */
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
