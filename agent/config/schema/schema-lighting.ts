/**
 * The sections of `cabinet.yaml` about light: zones, programmes, calendars, rules and outputs. Part of `schema.ts`.
 */
import * as z from 'zod';
import {
  dateSchema,
  holidaySchema,
  idSchema,
  levelSchema,
  secondsSchema,
  stepTimeSchema,
  topicPartSchema,
  weekdaySchema,
  yearlyDateSchema,
} from './schema-words.ts';

/** Source: EN 13201-2:2015. */
const CLASSES = ['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'] as const;
const classSchema = z.enum(CLASSES);
const pointSchema = z.string().min(1).max(64);

const sensorSchema = z.strictObject({
  device: idSchema.describe('The device that senses; it needs a pole where reachM or a wave is given.'),
  point: pointSchema.default('motion').describe('The quantity that says someone is there.'),
  kind: z
    .enum(['motion', 'button', 'counter'])
    .default('motion')
    .describe('counter: each rise is a detection, so that none is lost between polls; button: someone asks for light.'),
  threshold: z.number().default(50).describe("Present at or above this, in the point's own unit."),
  ownHoldS: secondsSchema(0, 3600).default(5).describe('How long the sensor itself keeps saying so; taken off holdS.'),
  minPulseS: secondsSchema(0, 60).default(0).describe('Shorter presence is none.'),
  offDelayS: secondsSchema(0, 60).default(5).describe('A shorter pause is none, so that chatter is one detection.'),
  blankS: secondsSchema(0, 30).default(0).describe("Deaf for so long after the zone's own light has changed."),
  stuckS: secondsSchema(60, 86_400)
    .nullish()
    .describe('Present for longer means stuck; by default path 1800, street 3600, road 7200, leisure 14400. A counter is never stuck.'),
  maxPerH: z
    .int()
    .min(1)
    .max(100_000)
    .nullish()
    .describe(
      'More detections an hour are an event, and a counter that counts more is ignored; by default path and leisure 170, street and road 300, a counter 7200.',
    ),
  listen: z.enum(['own', 'group']).default('own').describe('group: badly placed, it follows the others and is not heard itself.'),
});

const waveSchema = z.strictObject({
  mode: z
    .enum(['poles', 'section'])
    .nullish()
    .describe('poles: pole by pole; section: the whole zone. By default section for a road, else poles.'),
  speedKmh: z
    .number()
    .gt(0)
    .max(130)
    .nullish()
    .describe('Speed assumed until two sensors have told it; by default path 15, street 25, road 50, leisure 8.'),
  lookAheadS: secondsSchema(0.5, 30).default(4).describe('Light is there this long before who comes: sensing, bus and ramp together.'),
  leastAheadM: z.number().min(0).max(1000).default(30).describe('Lit ahead at least, in metres.'),
  behindM: z.number().min(0).max(1000).default(15).describe('Lit behind, in metres.'),
});

const presenceSchema = z.strictObject({
  sensors: z.array(sensorSchema).min(1).describe('Who says that someone is there.'),
  boostPct: levelSchema.default(100).describe('Level while someone is there; a step of the programme may say another.'),
  holdS: secondsSchema(0, 3600).default(30).describe('How long after the last movement, in seconds.'),
  rampUpS: secondsSchema(0, 60)
    .default(1)
    .describe('How long a lamp takes to get brighter, in seconds; for lamps that ramp by themselves.'),
  rampDownS: secondsSchema(0, 300).default(10).describe('How long to get darker, in seconds.'),
  reachM: z
    .number()
    .gt(0)
    .max(100_000)
    .nullish()
    .describe("Raise lamps within this distance of the sensor's pole; the whole zone if left out."),
  alsoLamps: z
    .array(idSchema)
    .min(1)
    .max(64)
    .optional()
    .describe('Lamps of other zones that it raises too, as those of a crosswalk; they keep the programme of their own zone.'),
  maxBoostS: secondsSchema(60, 86_400)
    .nullish()
    .describe(
      'Longest raise of the zone without a pause, then the programme until its sensors have been still; no less than their stuckS. By default 14400, road and leisure 28800, or the longest stuckS.',
    ),
  wave: waveSchema.nullish().describe('Light ahead of who moves; left out, only around the sensors.'),
  relayedPct: levelSchema.nullish().describe('Level when a neighbour cabinet says that someone comes; left out, it is not heard.'),
});

const seasonSchema = z.strictObject({
  from: yearlyDateSchema.describe('First night, of each year.'),
  to: yearlyDateSchema.describe('Last night; may lie after the turn of the year.'),
  onOffsetMin: z.int().min(-120).max(120).optional().describe("In place of the zone's own; its own by default."),
  offOffsetMin: z.int().min(-120).max(120).optional().describe("In place of the zone's own; its own by default."),
});

const photocellSchema = z.strictObject({
  device: idSchema.describe('The device that measures daylight.'),
  point: pointSchema.default('illuminance').describe('Its quantity, in lux.'),
  onBelowLux: z.number().gt(0).max(10_000).default(35).describe('Lit below this.'),
  offAboveLux: z.number().gt(0).max(20_000).default(70).describe('Put out above this; higher than onBelowLux.'),
  dwellS: secondsSchema(10, 3600).default(180).describe('A value counts once it has lasted so long, in seconds.'),
  windowMin: z
    .int()
    .min(5)
    .max(720)
    .default(60)
    .describe("How far from the sun's own times it may speak, in minutes; more than 120 counts as 120."),
  staleS: secondsSchema(30, 86_400).default(900).describe('An older value counts as none.'),
  seesOwnLight: z.boolean().default(false).describe("It sees the zone's own lamps: heard only while they are dark."),
});

const trafficSchema = z.strictObject({
  counters: z
    .array(
      z.strictObject({
        device: idSchema.describe('The device that counts.'),
        point: pointSchema.default('count').describe('Its counter.'),
      }),
    )
    .min(1)
    .describe('Who counts vehicles.'),
  designFlowPerH: z.number().gt(0).max(20_000).describe('Flow for which the road was designed, vehicles an hour.'),
  steps: z
    .array(
      z.strictObject({
        belowPct: z.number().gt(0).lt(100).describe('Below this share of the design flow, in percent.'),
        levelPct: levelSchema.optional().describe('This level,'),
        class: classSchema.optional().describe('or this class, computed from designClass.'),
      }),
    )
    .min(1)
    .describe('Lowest share first. Above all of them, and when a counter fails, the light of the design class (100 %).'),
});

export const zoneSchema = z.strictObject({
  id: idSchema.describe('Not that of a lamp or device.'),
  lamps: z.array(idSchema).min(1).describe('Each lamp is in exactly one zone.'),
  kind: z.enum(['path', 'street', 'road', 'leisure']).default('street').describe('What kind of place it is; sets what else is left out.'),
  programme: idSchema.describe('What it does over the night.'),
  calendar: idSchema.nullish().describe('Chooses another programme for some nights.'),
  minPct: levelSchema.default(10).describe('Never darker at night, whoever asks.'),
  designClass: classSchema.nullish().describe('EN 13201 class that 100 % gives.'),
  minClass: classSchema.nullish().describe('Class that nobody may undercut; needs designClass.'),
  sunBelowDeg: z.number().min(-18).max(5).default(-2).describe('Lit while the sun stands below this altitude, in degrees.'),
  onOffsetMin: z.int().min(-120).max(120).default(0).describe('Lit so many minutes later than the sun says; negative: earlier.'),
  offOffsetMin: z.int().min(-120).max(120).default(0).describe('Put out so many minutes later; negative: earlier.'),
  seasons: z.array(seasonSchema).min(1).max(12).optional().describe('Other offsets in parts of the year; the first that fits counts.'),
  photocell: photocellSchema.nullish().describe("A daylight sensor that may speak around the sun's own times; left out, the sun alone."),
  dark: z
    .strictObject({
      warnPct: levelSchema.min(1).default(20).describe('Level that warns before the dark.'),
      warnS: secondsSchema(5, 600).default(30).describe('For so long, in seconds.'),
    })
    .nullish()
    .describe('A step or rule may put it to 0 % at night, after a warning level; left out, minPct holds. Write {} for the usual.'),
  presence: presenceSchema.nullish().describe('More light while someone is there; left out, none.'),
  traffic: trafficSchema
    .nullish()
    .describe('More light as more vehicles pass. The programme then gives the level of the quiet night, and traffic raises it.'),
  baseline: z
    .strictObject({
      levelPct: levelSchema.default(100).describe('Level it had all night.'),
      lampPowerW: z.number().gt(0).max(2000).nullish().describe("Power of one old lamp in watts; today's rated power by default."),
    })
    .nullish()
    .describe('What savings are counted against; by default 100 % all night with the lamps of today.'),
  constantLight: z
    .strictObject({
      newPct: z.int().min(50).max(100).describe('A new lamp needs only this for its full light.'),
      fullAtH: z.int().min(1000).max(200_000).describe('Burning hours at which it needs 100 %.'),
    })
    .nullish()
    .describe('Constant light over the life of the lamps; leave it out where the driver does it.'),
});

export const programmeSchema = z.strictObject({
  id: idSchema.describe('The name that zones give.'),
  steps: z
    .array(
      z.strictObject({
        at: stepTimeSchema.describe('From when; in quotes. The first step is dusk.'),
        levelPct: levelSchema.optional().describe('In percent of full light,'),
        class: classSchema.optional().describe("or an EN 13201 class, computed from the zone's designClass."),
        boostPct: levelSchema.optional().describe("Level while someone is there from now on; the zone's own by default."),
      }),
    )
    .min(1)
    .describe('In the order of the night, dusk first.'),
});

export const calendarSchema = z.strictObject({
  id: idSchema.describe('The name that zones give.'),
  rules: z
    .array(
      z.strictObject({
        programme: idSchema.describe('The programme of nights that fit.'),
        weekdays: z.array(weekdaySchema).min(1).optional().describe('Nights that begin on these days: [fri, sat].'),
        from: dateSchema.optional().describe('First night.'),
        to: dateSchema.optional().describe('Last night.'),
        nthWeekday: z
          .strictObject({
            nth: z.literal([1, 2, 3, 4, 5, -1]).describe('Which of the month; -1 the last.'),
            weekday: weekdaySchema.describe('Of this day.'),
          })
          .optional()
          .describe('Each first Friday of a month: { nth: 1, weekday: fri }.'),
        holidays: idSchema
          .optional()
          .describe('Public holidays: fr of France, fr-alsace-moselle of its three departments there, or a list of holidays.'),
        eves: z
          .enum(['also', 'only'])
          .optional()
          .describe('also: the nights before these days as well; only: those in place of their own. Needs holidays.'),
      }),
    )
    .min(1)
    .describe('The first that fits wins; where none does, the programme of the zone.'),
});

export const holidaysSchema = z.strictObject({
  id: idSchema.describe('The name that rules of calendars give.'),
  days: z
    .array(
      z.union([
        holidaySchema,
        z.strictObject({
          nth: z.literal([1, 2, 3, 4, 5, -1]).describe('Which of the month; -1 the last.'),
          weekday: weekdaySchema.describe('Of this day.'),
          month: z.int().min(1).max(12).describe('In this month.'),
        }),
      ]),
    )
    .min(1)
    .max(400)
    .describe('Dates, days from Easter Sunday (easter+1), or weekdays of a month: { nth: -1, weekday: mon, month: 5 }.'),
});

export const eventNightSchema = z.strictObject({
  id: idSchema.describe('Name of the event.'),
  date: dateSchema.describe('The night that begins on this day.'),
  from: stepTimeSchema.default('dusk').describe('From when.'),
  until: stepTimeSchema.describe('Until when.'),
  levelPct: levelSchema.default(100).describe('At this level.'),
  zones: z.array(idSchema).min(1).nullish().describe('In these zones; all by default.'),
});

export const ruleSchema = z.strictObject({
  id: idSchema.describe('The name that outputs give.'),
  point: z
    .string()
    .regex(/^[^.\s]{1,32}\.[^\s]{1,64}$/)
    .meta({ patternErrorMessage: 'a point, as device.quantity: AIR1.pm25' })
    .optional()
    .describe('A measured point,'),
  above: z.number().optional().describe('holds above this'),
  below: z.number().optional().describe('or below this,'),
  clearsAt: z.number().optional().describe('until it is back at this: the hysteresis, always given.'),
  forS: secondsSchema(0, 86_400).default(60).describe('Once it has lasted so long.'),
  presenceIn: idSchema.optional().describe('Or: someone is in this zone.'),
  trafficIn: idSchema.optional().describe('Or: traffic in this zone'),
  flowPct: z.number().gt(0).max(1000).optional().describe('is above this share of its design flow.'),
  raise: z
    .strictObject({
      zones: z.array(idSchema).min(1).describe('These zones'),
      levelPct: levelSchema.describe('to at least this level.'),
    })
    .nullish()
    .describe('More light while it holds.'),
});

const valueSchema = z.union([z.number(), z.string().min(1).max(64)]);

export const outputSchema = z.strictObject({
  id: idSchema.describe('For the trace.'),
  device: idSchema.describe('The device that is written.'),
  point: pointSchema.describe('Its point: a relay, a message number, a volume.'),
  idle: valueSchema.default(0).describe('Value, or its name in the profile, while nothing else is wanted.'),
  litWith: z
    .strictObject({
      zones: z.array(idSchema).min(1).describe('While one of these zones is lit,'),
      value: valueSchema.default(1).describe('this value.'),
    })
    .nullish()
    .describe('For contactors of circuits. An output needs litWith or rules.'),
  rules: z
    .array(
      z.strictObject({
        rule: idSchema.describe('While this rule holds,'),
        value: valueSchema.describe('this value, or its name in the profile.'),
      }),
    )
    .default([])
    .describe('The first that holds goes before all.'),
  minOnS: secondsSchema(0, 86_400).default(60).describe('Stays at a value other than idle for at least so long.'),
  minOffS: secondsSchema(0, 86_400)
    .default(60)
    .describe('Stays idle for at least so long; 2 s at most where a zone of litWith is lit again.'),
});

export const neighbourSchema = z.strictObject({
  node: topicPartSchema.describe('Sparkplug edge node of the other cabinet.'),
  pole: idSchema.describe('Where the street goes on there.'),
  withinM: z.number().gt(0).max(1000).default(60).describe('Detections within this distance of the pole are told, in metres.'),
});
