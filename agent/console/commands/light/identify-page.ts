/** A lamp that blinks, as it happens, and its end. */
import type { LevelPct } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import type { Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';

export interface IdentifyProgress {
  readonly lamp: string;
  readonly levelPct: LevelPct;
  readonly restMs: number;
  readonly following: boolean;
}

export interface Identified {
  readonly lamp: string;
  readonly lowPct: LevelPct;
  readonly highPct: LevelPct;
  readonly durationMs: number;
  /** A lamp that does not respond cannot be seen blinking. */
  readonly following: boolean;
}

export function renderIdentifyProgress({ lamp, levelPct, restMs, following }: IdentifyProgress, page: Page): string {
  const now = following ? `at ${levelPct} %, blinks` : `told ${levelPct} %, does not follow,`;
  return paragraph(`${lamp} ${now} ${formatDuration(restMs)} more; Ctrl-C ends it`, page).join('\n');
}

export function renderIdentified({ lamp, lowPct, highPct, durationMs, following }: Identified, page: Page): string {
  if (!following)
    return paragraph(`${lamp} was told to blink for ${formatDuration(durationMs)}, but does not follow: luciole why ${lamp}`, page).join(
      '\n',
    );
  return paragraph(
    `${lamp} blinked between ${lowPct} and ${highPct} % for ${formatDuration(durationMs)} and is back at its level`,
    page,
  ).join('\n');
}
