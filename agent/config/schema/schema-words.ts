/**
 * The small parts of the schema of `cabinet.yaml`: ids, levels, seconds, times of day, with their limits. Editors and `luciole check` show
 * each `patternErrorMessage`.
 */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { WEEKDAYS } from './weekdays.ts';

/**
 * A name for a thing.
 *
 * Starts with a letter or digit, so that it cannot be mistaken for an option, a folder or a property that every object has.
 * Source: also a Sparkplug device id, which must be free of `+`, `/` and `#`.
 */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)
  .meta({ patternErrorMessage: String(msg`1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`) });

/** Units: % of full light, whole numbers. */
export const levelSchema = z.int().min(0).max(100);

/** A short text for people, of 1 to 80 characters. */
export const textSchema = z.string().min(1).max(80);

/** A file or folder. Source: PATH_MAX of Linux. */
export const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .meta({ patternErrorMessage: String(msg`a path`) });

/** `dusk`, the middle of the night, a sun event with minutes, or a local time of day. */
export const stepTimeSchema = z
  .string()
  .regex(/^(dusk|middle|([01]\d|2[0-3]):[0-5]\d|(sunset|sunrise|dusk|dawn|middle)[+-]\d{1,3})$/)
  .meta({
    patternErrorMessage: String(
      msg`dusk, middle (of the night), a time of day from "00:00" to "23:59", or minutes from a sun event: "sunset+30", "dawn-20", "middle-120"`,
    ),
  });

/** A date with a year, or a yearly one. */
export const dateSchema = z
  .string()
  .regex(/^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a date, "2026-07-14", or of each year, "07-14"`) });

/** A yearly date. */
export const yearlyDateSchema = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a date of each year, "11-01"`) });

/** A date, or days from Easter Sunday. */
export const holidaySchema = z
  .string()
  .regex(/^((\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])|easter([+-]\d{1,3})?)$/)
  .meta({
    patternErrorMessage: String(msg`a date, "2027-03-20", one of each year, "07-14", or days from Easter Sunday: "easter-2", "easter+1"`),
  });

export const daySchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
  .meta({ patternErrorMessage: String(msg`a day, "2026-07-14"`) });

export const weekdaySchema = z.enum(WEEKDAYS);

/** Part of an MQTT topic. Source: Sparkplug 3.0, tck-id-topic-structure-namespace-valid-group-id: not `+`, `/`, `#`. */
export const topicPartSchema = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  .regex(/^[^+/#\u0000-\u001f\u007f]{1,64}$/)
  .meta({ patternErrorMessage: String(msg`1 to 64 characters without "+", "/" or "#"`) });

/** An Ed25519 public key: its 32 bytes, or its SPKI in DER. Source: RFC 8410 §4. */
export const revisionKeySchema = z
  .string()
  .regex(/^([A-Za-z0-9+/]{43}=|MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=)$/)
  .meta({ patternErrorMessage: String(msg`an Ed25519 public key in base64, 44 or 60 characters, as \`luciole config keygen\` prints it`) });

/** Units: s. */
export const secondsSchema = (min: number, max: number) => z.number().min(min).max(max);
