/** The section `panels` of `cabinet.yaml`. Part of `schema.ts`. */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { DEFAULT_LIMITS, TEXT_SENDERS } from '../../core/panel-config.ts';
import { dateSchema, idSchema, pointIdSchema, pointSchema, weekdaySchema } from './schema-words.ts';

/** Longest text of the file. Units: characters. Source: assumed; two lines of the widest panel at hand. Confirmed by: the data sheets of panels in a commune. */
const MAX_TEXT = 256;
const templateSchema = z.string().min(1).max(MAX_TEXT);

/** A time of day or of the sun. */
const timeSchema = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|(sunset|sunrise)[+-]\d{1,3})$/)
  .meta({ patternErrorMessage: String(msg`a time of day from "00:00" to "23:59", or minutes from the sun: "sunset+30", "sunrise-20"`) });

const limitsSchema = z.strictObject({
  maxLength: z.int().min(1).max(MAX_TEXT).default(DEFAULT_LIMITS.maxLength).describe(String(msg`Longest text, in characters.`)),
  changesPerMin: z
    .int()
    .min(1)
    .max(60)
    .default(DEFAULT_LIMITS.changesPerMin)
    .describe(String(msg`Most changes of the text in a minute; an emergency does not wait.`)),
  changesPerHour: z
    .int()
    .min(1)
    .max(600)
    .default(DEFAULT_LIMITS.changesPerHour)
    .describe(String(msg`Most changes of the text in an hour.`)),
  characters: z
    .string()
    .min(1)
    .max(MAX_TEXT)
    .nullish()
    .describe(String(msg`The only characters that a text may have, besides the space; by default all but control characters.`)),
  textFrom: z
    .array(z.enum(TEXT_SENDERS))
    .default([...DEFAULT_LIMITS.textFrom])
    .describe(String(msg`The senders of texts for a time: console, platform.`)),
  emergencyFrom: z
    .array(z.enum(TEXT_SENDERS))
    .default([...DEFAULT_LIMITS.emergencyFrom])
    .describe(String(msg`The senders of emergency texts, which are shown before all others: console, platform.`)),
});

const valueSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,31}$/)
    .meta({ patternErrorMessage: String(msg`lower-case letters, digits and "_", at most 32, the first a letter`) })
    .describe(String(msg`Its name in a text: {bikes}.`)),
  point: pointIdSchema.describe(String(msg`The measured point, as device.point.`)),
  today: z.boolean().default(false).describe(String(msg`Its increase since local midnight, for counters.`)),
  decimals: z.int().min(0).max(3).default(0).describe(String(msg`Digits behind the decimal point.`)),
  words: z
    .array(
      z.strictObject({
        below: z.number().optional().describe(String(msg`For values below this; left out in the last entry: for all others.`)),
        word: z.string().min(1).max(32).describe(String(msg`this word.`)),
      }),
    )
    .min(1)
    .max(8)
    .nullish()
    .describe(String(msg`Words in place of the number: good, fair, poor.`)),
  missing: z
    .string()
    .max(32)
    .nullish()
    .describe(String(msg`Shown without a good value; by default the whole text is then left out, and the next one applies.`)),
});

const entrySchema = z.strictObject({
  text: templateSchema.describe(String(msg`The text; {id} is replaced by the value with this id.`)),
  at: timeSchema.default('00:00').describe(String(msg`Shown from this time`)),
  until: timeSchema.default('00:00').describe(String(msg`until this time; of the next day if it is not later.`)),
  weekdays: z.array(weekdaySchema).min(1).optional().describe(String(msg`On these days: [sat, sun].`)),
  from: dateSchema.optional().describe(String(msg`First day.`)),
  to: dateSchema.optional().describe(String(msg`Last day; the first day for an event of one day.`)),
  nthWeekday: z
    .strictObject({
      nth: z.literal([1, 2, 3, 4, 5, -1]).describe(String(msg`Which one of the month; -1 is the last.`)),
      weekday: weekdaySchema.describe(String(msg`The weekday.`)),
    })
    .optional()
    .describe(String(msg`Each first Friday of a month: { nth: 1, weekday: fri }.`)),
  holidays: idSchema.optional().describe(String(msg`On public holidays: fr, fr-alsace-moselle, or a list of holidays.`)),
});

/** One item of `panels`: the device of an information panel, its texts, and the limits for texts. */
export const panelSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the panel, as console and platform show it.`)),
  device: idSchema.describe(String(msg`The device that is written.`)),
  points: z.array(pointSchema).min(1).max(8).describe(String(msg`Its text points, one for each line of the panel, top line first.`)),
  fallback: templateSchema.describe(String(msg`Shown while nothing else applies; without values.`)),
  limits: limitsSchema
    .prefault({})
    .describe(String(msg`What texts are accepted, from whom, and how often they change; only the file of the site may set it.`)),
  values: z.array(valueSchema).max(16).default([]).describe(String(msg`Values of points for the texts.`)),
  rules: z
    .array(
      z.strictObject({
        rule: idSchema.describe(String(msg`While this rule holds,`)),
        text: templateSchema.describe(String(msg`this text.`)),
      }),
    )
    .max(16)
    .default([])
    .describe(String(msg`Texts of rules; the first one that applies is shown.`)),
  schedule: z
    .array(entrySchema)
    .max(64)
    .default([])
    .describe(String(msg`Texts by clock and calendar; the first one that applies is shown.`)),
});
