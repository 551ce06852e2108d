/**
 * The small parts the schema of `cabinet.yaml` is made of: ids, levels, seconds, times of day.
 *
 * Owns their limits and the sentences that say what is allowed. Each `patternErrorMessage` is shown by editors and by `luciole check` alike.
 */
import { z } from 'zod';

/**
 * A name for a thing.
 *
 * Starts with a letter or digit, so that it is never taken for an option, a folder or a property every object has.
 * Source: also a Sparkplug device id, which must be free of `+`, `/` and `#`.
 */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)
  .meta({ patternErrorMessage: '1 to 32 letters, digits, ".", "_" or "-", the first a letter or digit' });

/** Units: % of full light, whole numbers. */
export const levelSchema = z.int().min(0).max(100);

/** One line of text for people. */
export const textSchema = z.string().min(1).max(80);

/** A file or folder. Source: PATH_MAX of Linux. */
export const pathSchema = z.string().min(1).max(4096).meta({ patternErrorMessage: 'a path' });

/** `dusk` or a local time of day. */
export const stepTimeSchema = z
  .string()
  .regex(/^(dusk|([01]\d|2[0-3]):[0-5]\d)$/)
  .meta({ patternErrorMessage: 'dusk, or a time of day from "00:00" to "23:59"' });

/** Part of an MQTT topic. Source: Sparkplug 3.0, tck-id-topic-structure-namespace-valid-group-id: not `+`, `/`, `#`. */
export const topicPartSchema = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  .regex(/^[^+/#\u0000-\u001f\u007f]{1,64}$/)
  .meta({ patternErrorMessage: '1 to 64 characters without "+", "/" or "#"' });

/** Units: s. */
export const secondsSchema = (min: number, max: number) => z.number().min(min).max(max);
