/**
 * The inventory keys of a lamp in `cabinet.yaml`: what an inventory and the French arrêté of 27 December 2018 ask about its luminaire. Part of
 * `schema.ts`.
 */

import * as z from 'zod';
import { SOURCE_TYPES, STRUCTURES, SUPPORTS, USAGES } from '../../core/luminaire.ts';
import { msg } from '../../core/message.ts';

/** Real days, months and years from 1900 on. Days that do not exist, such as 31 April, are refused. */
const installedOnSchema = z
  .string()
  .regex(
    /^(19|20)\d\d(-(0[1-9]|1[0-2])|-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|-(0[13-9]|1[0-2])-(29|30)|-(0[13578]|1[02])-31)?$|^((19|20)(0[48]|[2468][048]|[13579][26])|2000)-02-29$/,
  )
  .meta({ patternErrorMessage: String(msg`a day, month or year in quotes: "2019-06-14", "2019-06" or "2019"`) });

/**
 * A name from a catalogue. It never begins like a formula of a spreadsheet, also where a spreadsheet splits it at another separator.
 * Source: OWASP, CSV Injection.
 */
const catalogueTextSchema = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  .regex(/^(?=[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]{1,80}$)(?!\s)(?!.*(^|[,;"])\s*[=+\-@＝＋－＠]).*(?<!\s)$/)
  .meta({
    patternErrorMessage: String(
      msg`text of 1 to 80 characters in one line; no part of it begins like a formula, with "=", "+", "-" or "@"`,
    ),
  });

const shareSchema = z.number().min(0).max(100).optional();

/** The inventory keys of a lamp, as the shape of a schema. All are optional, and no level depends on them. */
export const luminaireShape = {
  ulrNominalPct: shareSchema.describe(
    String(msg`Inventory: share of its light above the horizontal (ULR) in its design position, in percent.`),
  ),
  ulrInstalledPct: shareSchema.describe(String(msg`Inventory: the same as installed, with its tilt, in percent.`)),
  fluxCode3Pct: shareSchema.describe(
    String(msg`Inventory: CIE flux code 3, the share of the light below the horizontal within 75.5° of the vertical, in percent.`),
  ),
  colourTemperatureK: z
    .int()
    .min(1_000)
    .max(20_000)
    .optional()
    .describe(String(msg`Inventory: nominal colour temperature of the source, in kelvins.`)),
  sourceFluxLm: z
    .number()
    .gt(0)
    .max(1_000_000)
    .optional()
    .describe(String(msg`Inventory: nominal flux of the source at full power, in lumens.`)),
  headInstalledOn: installedOnSchema.optional().describe(String(msg`Inventory: when the head of the luminaire was installed.`)),
  sourceType: z.enum(SOURCE_TYPES).optional().describe(String(msg`Inventory: kind of source, a code of EclExt (typeSource).`)),
  structure: z.enum(STRUCTURES).optional().describe(String(msg`Inventory: form of the luminaire, a code of EclExt (structure).`)),
  support: z.enum(SUPPORTS).optional().describe(String(msg`Inventory: what it is fixed to, a code of EclExt (support).`)),
  usage: z.enum(USAGES).optional().describe(String(msg`Inventory: category of use, a code of EclExt (usage).`)),
  manufacturer: catalogueTextSchema.optional().describe(String(msg`Inventory: manufacturer of the luminaire.`)),
  model: catalogueTextSchema.optional().describe(String(msg`Inventory: model of the luminaire.`)),
  lightHeightM: z.number().gt(0).max(60).optional().describe(String(msg`Inventory: height of the source above the ground, in metres.`)),
};
