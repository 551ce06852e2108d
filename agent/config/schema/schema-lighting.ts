/**
 * The sections of `cabinet.yaml` about light: zones, programmes, calendars, rules and outputs. Part of `schema.ts`.
 */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import {
  dateSchema,
  holidaySchema,
  idSchema,
  levelSchema,
  pointIdSchema,
  pointSchema,
  secondsSchema,
  stepTimeSchema,
  topicPartSchema,
  weekdaySchema,
  yearlyDateSchema,
} from './schema-words.ts';

/** Source: EN 13201-2:2015. */
const CLASSES = ['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'] as const;
const classSchema = z.enum(CLASSES);
const sensorSchema = z.strictObject({
  device: idSchema.describe(String(msg`The device that senses; it needs a pole where reachM or a wave is given.`)),
  point: pointSchema.default('motion').describe(String(msg`The quantity that reports presence.`)),
  kind: z
    .enum(['motion', 'button', 'counter'])
    .default('motion')
    .describe(String(msg`counter: each rise is a detection, so that none is lost between polls; button: someone asks for light.`)),
  threshold: z.number().default(50).describe(String(msg`Present at or above this, in the point's own unit.`)),
  ownHoldS: secondsSchema(0, 3600)
    .default(5)
    .describe(String(msg`How long the sensor itself keeps reporting presence after the last movement, in seconds; subtracted from holdS.`)),
  minPulseS: secondsSchema(0, 60).default(0).describe(String(msg`Presence shorter than this is ignored, in seconds.`)),
  offDelayS: secondsSchema(0, 60)
    .default(5)
    .describe(String(msg`A pause shorter than this is ignored, so that chatter is one detection, in seconds.`)),
  blankS: secondsSchema(0, 30)
    .default(0)
    .describe(
      String(
        msg`A detection that begins within this time after a lamp within 15 m changed counts only once this time is over, in seconds.`,
      ),
    ),
  stuckS: secondsSchema(60, 86_400)
    .nullish()
    .describe(
      String(msg`Present for longer means stuck; by default path 1800, street 3600, road 7200, leisure 14400. A counter is never stuck.`),
    ),
  maxPerH: z
    .int()
    .min(1)
    .max(100_000)
    .nullish()
    .describe(
      String(
        msg`More detections an hour are an event, and a counter that counts more is ignored; by default path and leisure 170, street and road 300, a counter 7200.`,
      ),
    ),
  listen: z
    .enum(['own', 'group'])
    .default('own')
    .describe(String(msg`own: the sensor counts by itself. group: it is badly placed, and counts only together with the other sensors.`)),
});

const waveSchema = z.strictObject({
  mode: z
    .enum(['poles', 'section'])
    .nullish()
    .describe(String(msg`poles: pole by pole; section: the whole zone. By default section for a road, else poles.`)),
  speedKmh: z
    .number()
    .gt(0)
    .max(130)
    .nullish()
    .describe(String(msg`Speed assumed until two sensors have measured it; by default path 15, street 25, road 50, leisure 8.`)),
  lookAheadS: secondsSchema(0.5, 30).default(4).describe(String(msg`Lead time of the light: sensing, bus and ramp together.`)),
  leastAheadM: z.number().min(0).max(1000).default(30).describe(String(msg`Lit ahead at least, in metres.`)),
  behindM: z.number().min(0).max(1000).default(15).describe(String(msg`Lit behind, in metres.`)),
});

const presenceSchema = z.strictObject({
  sensors: z.array(sensorSchema).min(1).describe(String(msg`The presence sensors.`)),
  boostPct: levelSchema.default(100).describe(String(msg`Level while someone is present; a step of the programme may set another.`)),
  holdS: secondsSchema(0, 3600).default(30).describe(String(msg`How long the light stays raised after the last movement, in seconds.`)),
  rampUpS: secondsSchema(0, 60)
    .default(1)
    .describe(String(msg`How long a lamp takes to get brighter, in seconds; for lamps that ramp by themselves.`)),
  rampDownS: secondsSchema(0, 300).default(10).describe(String(msg`How long a lamp takes to get darker, in seconds.`)),
  reachM: z
    .number()
    .gt(0)
    .max(100_000)
    .nullish()
    .describe(String(msg`Raise lamps within this distance of the sensor's pole; the whole zone if left out.`)),
  alsoLamps: z
    .array(idSchema)
    .min(1)
    .max(64)
    .optional()
    .describe(String(msg`Lamps of other zones that it raises too, as those of a crosswalk; they keep the programme of their own zone.`)),
  maxBoostS: secondsSchema(60, 86_400)
    .nullish()
    .describe(
      String(
        msg`Longest raise of the zone without a pause, in seconds; then the programme applies until its sensors are clear. At least their stuckS. By default 14400, road and leisure 28800, or the longest stuckS.`,
      ),
    ),
  wave: waveSchema.nullish().describe(String(msg`Light ahead of a moving person; by default only around the sensors.`)),
  relayedPct: levelSchema
    .nullish()
    .describe(String(msg`Level when a neighbour cabinet announces someone; without it, the announcement is ignored.`)),
});

const seasonSchema = z.strictObject({
  from: yearlyDateSchema.describe(String(msg`First night, of each year.`)),
  to: yearlyDateSchema.describe(String(msg`Last night; may lie after the turn of the year.`)),
  onOffsetMin: z.int().min(-120).max(120).optional().describe(String(msg`In place of the zone's own; its own by default.`)),
  offOffsetMin: z.int().min(-120).max(120).optional().describe(String(msg`In place of the zone's own; its own by default.`)),
});

const photocellSchema = z.strictObject({
  device: idSchema.describe(String(msg`The device that measures daylight.`)),
  point: pointSchema.default('illuminance').describe(String(msg`Its quantity, in lux.`)),
  onBelowLux: z.number().gt(0).max(10_000).default(35).describe(String(msg`Lit below this.`)),
  offAboveLux: z.number().gt(0).max(20_000).default(70).describe(String(msg`Put out above this; higher than onBelowLux.`)),
  dwellS: secondsSchema(10, 3600).default(180).describe(String(msg`A value counts after it has lasted this long, in seconds.`)),
  windowMin: z
    .int()
    .min(5)
    .max(720)
    .default(60)
    .describe(String(msg`Largest offset from the sun times at which the sensor counts, in minutes; more than 120 counts as 120.`)),
  staleS: secondsSchema(30, 86_400).default(900).describe(String(msg`A value older than this is not used, in seconds.`)),
  seesOwnLight: z
    .boolean()
    .default(false)
    .describe(String(msg`The sensor sees the zone's own lamps: its values count only while they are dark.`)),
});

const trafficSchema = z.strictObject({
  counters: z
    .array(
      z.strictObject({
        device: idSchema.describe(String(msg`The device that counts.`)),
        point: pointSchema.default('count').describe(String(msg`Its counter.`)),
      }),
    )
    .min(1)
    .describe(String(msg`The vehicle counters.`)),
  designFlowPerH: z.number().gt(0).max(20_000).describe(String(msg`Flow for which the road was designed, vehicles an hour.`)),
  steps: z
    .array(
      z.strictObject({
        belowPct: z.number().gt(0).lt(100).describe(String(msg`Below this share of the design flow, in percent.`)),
        levelPct: levelSchema.optional().describe(String(msg`This level,`)),
        class: classSchema.optional().describe(String(msg`or this class, computed from designClass.`)),
      }),
    )
    .min(1)
    .describe(String(msg`Lowest share first. Above all of them, and when a counter fails, the light of the design class (100 %).`)),
});

/** One item of `zones`: lamps that act together, their programme, limits and sensors. */
export const zoneSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the zone; no lamp or device may have the same.`)),
  lamps: z.array(idSchema).min(1).describe(String(msg`Each lamp is in exactly one zone.`)),
  kind: z
    .enum(['path', 'street', 'road', 'leisure'])
    .default('street')
    .describe(String(msg`Kind of place; it sets the defaults of several other keys.`)),
  programme: idSchema.describe(String(msg`The programme of its lamps over the night.`)),
  calendar: idSchema.nullish().describe(String(msg`Chooses another programme for some nights.`)),
  minPct: levelSchema.default(10).describe(String(msg`Lowest level at night, for every request.`)),
  designClass: classSchema.nullish().describe(String(msg`EN 13201 class that 100 % gives.`)),
  minClass: classSchema.nullish().describe(String(msg`Lowest class allowed; needs designClass.`)),
  sunBelowDeg: z.number().min(-18).max(5).default(-2).describe(String(msg`Lit while the sun is below this altitude, in degrees.`)),
  onOffsetMin: z
    .int()
    .min(-120)
    .max(120)
    .default(0)
    .describe(String(msg`Minutes by which the light starts after the sun time; negative: before.`)),
  offOffsetMin: z
    .int()
    .min(-120)
    .max(120)
    .default(0)
    .describe(String(msg`Minutes by which the light ends after the sun time; negative: before.`)),
  seasons: z
    .array(seasonSchema)
    .min(1)
    .max(12)
    .optional()
    .describe(String(msg`Other offsets in parts of the year; the first that fits counts.`)),
  photocell: photocellSchema.nullish().describe(String(msg`A daylight sensor that counts around the sun times; by default the sun alone.`)),
  dark: z
    .strictObject({
      warnPct: levelSchema.min(1).default(20).describe(String(msg`Level that warns before the dark.`)),
      warnS: secondsSchema(5, 600).default(30).describe(String(msg`How long the warning level lasts, in seconds.`)),
    })
    .nullish()
    .describe(
      String(
        msg`A step or rule may set the zone to 0 % at night, after a warning level. Without this key minPct is the lowest level. Write {} for the defaults.`,
      ),
    ),
  presence: presenceSchema.nullish().describe(String(msg`More light while someone is present; by default none.`)),
  traffic: trafficSchema
    .nullish()
    .describe(String(msg`More light as more vehicles pass. The programme then gives the level of the quiet night, and traffic raises it.`)),
  baseline: z
    .strictObject({
      levelPct: levelSchema.default(100).describe(String(msg`Level it had all night.`)),
      lampPowerW: z
        .number()
        .gt(0)
        .max(2000)
        .nullish()
        .describe(String(msg`Power of one old lamp in watts; today's rated power by default.`)),
    })
    .nullish()
    .describe(String(msg`The reference for savings; by default 100 % all night with today's lamps.`)),
  constantLight: z
    .strictObject({
      newPct: z.int().min(50).max(100).describe(String(msg`The level at which a new lamp gives its full light.`)),
      fullAtH: z.int().min(1000).max(200_000).describe(String(msg`Burning hours at which it needs 100 %.`)),
    })
    .nullish()
    .describe(String(msg`Constant light over the life of the lamps; leave it out where the driver does it.`)),
  litAreas: z
    .array(
      z.strictObject({
        areaM2: z.number().gt(0).max(1_000_000).describe(String(msg`Its area in m².`)),
        illuminanceLux: z.number().gt(0).max(1_000).describe(String(msg`Its mean illuminance by design at 100 %, in lux.`)),
      }),
    )
    .min(1)
    .max(16)
    .optional()
    .describe(String(msg`The surfaces that it lights, such as carriageway and pavements, for the indicators of EN 13201-5.`)),
});

/** One item of `programmes`: the levels of a night, step by step. */
export const programmeSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that zones refer to.`)),
  steps: z
    .array(
      z.strictObject({
        at: stepTimeSchema.describe(String(msg`Start of the step, in quotes. The first step is dusk.`)),
        levelPct: levelSchema.optional().describe(String(msg`In percent of full light,`)),
        class: classSchema.optional().describe(String(msg`or an EN 13201 class, computed from the zone's designClass.`)),
        boostPct: levelSchema
          .optional()
          .describe(String(msg`Level while someone is present during this step and later ones; the zone's own by default.`)),
      }),
    )
    .min(1)
    .describe(String(msg`In the order of the night, dusk first.`)),
});

/** One item of `calendars`: rules that choose the programme of a night, or of a day in the section `sound`. */
export const calendarSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that zones refer to.`)),
  rules: z
    .array(
      z.strictObject({
        programme: idSchema.describe(String(msg`The programme of nights that fit.`)),
        weekdays: z.array(weekdaySchema).min(1).optional().describe(String(msg`Nights that begin on these days: [fri, sat].`)),
        from: dateSchema.optional().describe(String(msg`First night.`)),
        to: dateSchema.optional().describe(String(msg`Last night.`)),
        nthWeekday: z
          .strictObject({
            nth: z.literal([1, 2, 3, 4, 5, -1]).describe(String(msg`Which one of the month; -1 is the last.`)),
            weekday: weekdaySchema.describe(String(msg`The weekday.`)),
          })
          .optional()
          .describe(String(msg`Each first Friday of a month: { nth: 1, weekday: fri }.`)),
        holidays: idSchema
          .optional()
          .describe(String(msg`Public holidays: fr of France, fr-alsace-moselle of its three departments there, or a list of holidays.`)),
        eves: z
          .enum(['also', 'only'])
          .optional()
          .describe(String(msg`also: these nights and those before them; only: the nights before them alone. Needs holidays.`)),
      }),
    )
    .min(1)
    .describe(String(msg`The first rule that fits counts; without one, the programme of the zone.`)),
});

/** One item of `holidays`: a named list of days, to which rules of calendars and texts of panels may refer. */
export const holidaysSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that rules of calendars refer to.`)),
  days: z
    .array(
      z.union([
        holidaySchema,
        z.strictObject({
          nth: z.literal([1, 2, 3, 4, 5, -1]).describe(String(msg`Which one of the month; -1 is the last.`)),
          weekday: weekdaySchema.describe(String(msg`The weekday.`)),
          month: z.int().min(1).max(12).describe(String(msg`In this month.`)),
        }),
      ]),
    )
    .min(1)
    .max(400)
    .describe(String(msg`Dates, days from Easter Sunday (easter+1), or weekdays of a month: { nth: -1, weekday: mon, month: 5 }.`)),
});

/** One item of `eventNights`: a level for a part of one night, or of one night each year. */
export const eventNightSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the event.`)),
  date: dateSchema.describe(String(msg`The night that begins on this day.`)),
  from: stepTimeSchema.default('dusk').describe(String(msg`From when.`)),
  until: stepTimeSchema.describe(String(msg`Until when.`)),
  levelPct: levelSchema.default(100).describe(String(msg`At this level.`)),
  zones: z.array(idSchema).min(1).nullish().describe(String(msg`In these zones; all by default.`)),
});

/** One item of `rules`: a condition, and the zones, if any, whose light it raises or lowers while it applies. */
export const ruleSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that outputs refer to.`)),
  point: pointIdSchema.optional().describe(String(msg`A measured point,`)),
  above: z.number().optional().describe(String(msg`holds above this`)),
  below: z.number().optional().describe(String(msg`or below this,`)),
  clearsAt: z.number().optional().describe(String(msg`until the value is back at this (hysteresis; required with above or below).`)),
  forS: secondsSchema(0, 86_400).default(60).describe(String(msg`How long the condition must last before the rule applies.`)),
  presenceIn: idSchema.optional().describe(String(msg`Or: someone is in this zone.`)),
  trafficIn: idSchema.optional().describe(String(msg`Or: traffic in this zone`)),
  flowPct: z.number().gt(0).max(1000).optional().describe(String(msg`is above this share of its design flow.`)),
  raise: z
    .strictObject({
      zones: z.array(idSchema).min(1).describe(String(msg`These zones`)),
      levelPct: levelSchema.describe(String(msg`to at least this level.`)),
    })
    .nullish()
    .describe(String(msg`More light while it holds.`)),
  lower: z
    .strictObject({
      zones: z.array(idSchema).min(1).describe(String(msg`The programme of these zones`)),
      levelPct: levelSchema.describe(String(msg`gives at most this level, and never less than the minimum of the zone.`)),
    })
    .nullish()
    .describe(String(msg`Less light while it holds, as at a high price of energy. Presence and traffic raise the light as before.`)),
});

const valueSchema = z.union([z.number(), z.string().min(1).max(64)]);

/** One item of `outputs`: a point of a device, such as a relay, that follows zones or rules. */
export const outputSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the output, as the log shows it.`)),
  device: idSchema.describe(String(msg`The device that is written.`)),
  point: pointSchema.describe(String(msg`Its point: a relay, a message number, a volume.`)),
  idle: valueSchema.default(0).describe(String(msg`Value, or its name in the profile, while no rule or zone sets another.`)),
  litWith: z
    .strictObject({
      zones: z.array(idSchema).min(1).describe(String(msg`While one of these zones is lit,`)),
      value: valueSchema.default(1).describe(String(msg`this value.`)),
    })
    .nullish()
    .describe(String(msg`For contactors of circuits. An output needs litWith or rules.`)),
  rules: z
    .array(
      z.strictObject({
        rule: idSchema.describe(String(msg`While this rule holds,`)),
        value: valueSchema.describe(String(msg`this value, or its name in the profile.`)),
      }),
    )
    .default([])
    .describe(String(msg`The first rule that applies sets the value, before litWith.`)),
  minOnS: secondsSchema(0, 86_400).default(60).describe(String(msg`Shortest time at a value other than idle, in seconds.`)),
  minOffS: secondsSchema(0, 86_400)
    .default(60)
    .describe(String(msg`Stays idle for at least so long; 2 s at most where a zone of litWith is lit again.`)),
});

/**
 * One item of `neighbours`: another cabinet, and the pole of this one from which the street leads there. Detections near this pole may be
 * sent to it. Those that it sends are people who enter the street at this pole. Alone they raise light only in zones with both `wave` and
 * `relayedPct`.
 */
export const neighbourSchema = z.strictObject({
  node: topicPartSchema.describe(String(msg`Sparkplug edge node of the other cabinet.`)),
  pole: idSchema.describe(String(msg`Where the street goes on there.`)),
  withinM: z
    .number()
    .gt(0)
    .max(1000)
    .default(60)
    .describe(String(msg`Detections up to this distance from the pole are reported, in metres.`)),
});
