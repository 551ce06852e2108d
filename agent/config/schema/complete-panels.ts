/** Converts the panels of a document into those of a `Cabinet`. Pure. */
import type { PanelConfig } from '../../core/panel-config.ts';
import { completeDays, parseStepTime } from './complete-lighting.ts';
import type { CabinetDocument } from './schema.ts';

/** Converts the checked panels into the form of the agent: times and dates are parsed, named lists of holidays are included. */
export function completePanels({ panels = [], holidays = [] }: CabinetDocument): readonly PanelConfig[] {
  return panels.map(({ values, schedule, limits, ...panel }) => ({
    ...panel,
    limits: { ...limits, characters: limits.characters ?? null },
    values: values.map((value) => ({
      ...value,
      words: value.words?.map(({ below, word }) => ({ below: below ?? null, word })) ?? null,
      missing: value.missing ?? null,
    })),
    schedule: schedule.map(({ text, at, until, ...days }) => ({
      text,
      at: parseStepTime(at),
      until: parseStepTime(until),
      days: completeDays(days, holidays),
    })),
  }));
}
