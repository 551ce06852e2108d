/**
 * The small parts of the schema of `cabinet.yaml`: ids, levels, seconds, times of day, with their limits. Editors and `luciole check` show
 * each `patternErrorMessage`.
 */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { WEEKDAYS } from './weekdays.ts';

/**
 * The id of an item in the file, such as a device or a zone: 1 to 32 letters, digits, dots, underscores and hyphens. The letters are those
 * from A to Z, capital or small.
 *
 * Starts with a letter or digit.
 * Source: also a Sparkplug device id, which must be free of `+`, `/` and `#`.
 */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)
  .meta({ patternErrorMessage: String(msg`1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`) });

/** A level: a whole number from 0 to 100. Units: % of full light. */
export const levelSchema = z.int().min(0).max(100);

/** A text of 1 to 80 characters, such as a name for people. Line breaks are not refused here. */
export const textSchema = z.string().min(1).max(80);

/**
 * The path of a file or folder, the port of a line, or a network of ports: 1 to 4096 characters. Nothing else is checked here. Source:
 * PATH_MAX of Linux.
 */
export const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .meta({ patternErrorMessage: String(msg`a path`) });

/**
 * The time of a step of a light programme, or of the begin or end of an event night: `dusk`, `middle` (of the night), minutes from a sun
 * event or the middle (`sunset+30`, `middle-120`), or a local time of day.
 */
export const stepTimeSchema = z
  .string()
  .regex(/^(dusk|middle|([01]\d|2[0-3]):[0-5]\d|(sunset|sunrise|dusk|dawn|middle)[+-]\d{1,3})$/)
  .meta({
    patternErrorMessage: String(
      msg`dusk, middle (of the night), a time of day from "00:00" to "23:59", or minutes from a sun event: "sunset+30", "dawn-20", "middle-120"`,
    ),
  });

/** A date with a year, `2026-07-14`, or one of each year, `07-14`. A day that does not exist, such as `02-30`, passes. */
export const dateSchema = z
  .string()
  .regex(/^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a date, "2026-07-14", or of each year, "07-14"`) });

/** A date of each year, month first: `11-01` is 1 November. A day that does not exist, such as `02-30`, passes. */
export const yearlyDateSchema = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a date of each year, "11-01"`) });

/** A date as in `dateSchema`, or days from Easter Sunday: `easter`, `easter-2`, `easter+1`. */
export const holidaySchema = z
  .string()
  .regex(/^((\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])|easter([+-]\d{1,3})?)$/)
  .meta({
    patternErrorMessage: String(msg`a date, "2027-03-20", one of each year, "07-14", or days from Easter Sunday: "easter-2", "easter+1"`),
  });

/** One day with its year, `2026-07-14`. A day that does not exist, such as `2026-02-30`, passes. */
export const daySchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a day, "2026-07-14"`) });

/** The name of a weekday in English, three letters: `mon` to `sun`. */
export const weekdaySchema = z.enum(WEEKDAYS);

/**
 * One level of an MQTT topic: 1 to 64 characters, without `+`, `/`, `#` and the control characters of ASCII. Source: Sparkplug 3.0,
 * tck-id-topic-structure-namespace-valid-group-id.
 */
export const topicPartSchema = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  .regex(/^[^+/#\u0000-\u001f\u007f]{1,64}$/)
  .meta({ patternErrorMessage: String(msg`1 to 64 characters without "+", "/" or "#"`) });

/** An Ed25519 public key in base64: its 32 bytes, or its SPKI in DER. Only the form is checked here. Source: RFC 8410 §4. */
export const revisionKeySchema = z
  .string()
  .regex(/^([A-Za-z0-9+/]{43}=|MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=)$/)
  .meta({ patternErrorMessage: String(msg`an Ed25519 public key in base64, 44 or 60 characters, as \`luciole config keygen\` prints it`) });

/** Returns the schema of a number of seconds from `min` to `max`, both included; fractions are allowed. */
export const secondsSchema = (min: number, max: number) => z.number().min(min).max(max);

/** The quantity of a device, as its profile names it: 1 to 64 characters. */
export const pointSchema = z.string().min(1).max(64);

/** A point of the cabinet, `AIR1.pm25`: device, dot, quantity. Whether it exists is not checked here. */
export const pointIdSchema = z
  .string()
  .regex(/^[^.\s]\S{0,31}\.\S{1,64}$/)
  .meta({ patternErrorMessage: String(msg`a point, as device.quantity: AIR1.pm25`) });
