/**
 * The section `sound` of `cabinet.yaml`: places with a player, what they play and when, and the limits of the site. Part of `schema.ts`.
 */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { calendarSchema } from './schema-lighting.ts';
import { idSchema, secondsSchema, weekdaySchema } from './schema-words.ts';

const volumeSchema = z.int().min(0).max(100);
const clockSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .meta({ patternErrorMessage: String(msg`a time of day from "00:00" to "23:59"`) });
const dayTimeSchema = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|(sunset|sunrise|dusk|dawn)([+-]\d{1,3})?)$/)
  .meta({
    patternErrorMessage: String(msg`a time of day from "00:00" to "23:59", or a sun event with minutes: "dusk", "sunset+30", "dawn-20"`),
  });
const weekdaysSchema = z.array(weekdaySchema).min(1).optional();

const quietSchema = z
  .array(
    z.strictObject({
      from: clockSchema.describe(String(msg`When silence begins.`)),
      until: clockSchema.describe(String(msg`When it ends; it may be on the next day.`)),
      weekdays: weekdaysSchema.describe(String(msg`The days on which it begins; each day by default.`)),
    }),
  )
  .max(16);

const limitsSchema = z.strictObject({
  maxVolumePct: volumeSchema.default(50).describe(String(msg`Highest volume of everything but an emergency announcement.`)),
  emergencyVolumePct: volumeSchema.optional().describe(String(msg`Volume of an emergency announcement; maxVolumePct by default.`)),
  quietHours: quietSchema.describe(String(msg`Hours in which nothing but an emergency announcement sounds; [] for none.`)),
  announcementsPerH: z.int().min(0).max(60).default(6).describe(String(msg`Most announcements in any hour at one place.`)),
  emergencyBy: z
    .array(z.enum(['technician', 'platform']))
    .max(2)
    .default(['technician'])
    .describe(String(msg`Senders that may start an emergency announcement; [] for none.`)),
});

const trackSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that programmes and people use.`)),
  track: z.int().min(1).max(2999).optional().describe(String(msg`Its number in the order in which it was copied to the medium.`)),
  folder: z.int().min(1).max(99).optional().describe(String(msg`Its folder on the medium, in place of track: 2 for "02".`)),
  file: z.int().min(1).max(255).optional().describe(String(msg`Its file in that folder: 5 for "005.mp3".`)),
  maxS: secondsSchema(1, 3600).default(120).describe(String(msg`As an announcement it counts as ended after this time, in seconds.`)),
});

const programmeSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name that places and calendars of this section use.`)),
  steps: z
    .array(
      z.strictObject({
        at: dayTimeSchema.describe(String(msg`When it begins. Each day begins in silence at 00:00.`)),
        play: z.array(idSchema).max(64).default([]).describe(String(msg`Tracks, in turn until the next step; [] is silence.`)),
      }),
    )
    .min(1)
    .max(48)
    .describe(String(msg`The day in steps.`)),
});

const placeSchema = z.strictObject({
  id: idSchema.describe(String(msg`The name of the place for people and the platform: luciole why NAME.`)),
  player: idSchema.describe(String(msg`The device that plays; each place has its own.`)),
  amplifiers: z
    .array(
      z.strictObject({
        device: idSchema.describe(String(msg`The device with the relay.`)),
        point: z.string().min(1).max(64).describe(String(msg`Its relay; it may feed nothing else, and no lamp.`)),
      }),
    )
    .max(8)
    .default([])
    .describe(String(msg`Relays that supply the amplifiers; [] if they are always on.`)),
  warmUpS: secondsSchema(0, 60).default(3).describe(String(msg`From the amplifiers on to the first sound, in seconds.`)),
  offDelayS: secondsSchema(0, 3600).default(30).describe(String(msg`From the last sound to the amplifiers off, in seconds.`)),
  maxVolumePct: volumeSchema.optional().describe(String(msg`Highest volume here; the lower one of this and limits.maxVolumePct counts.`)),
  quietHours: quietSchema.default([]).describe(String(msg`Further quiet hours of this place.`)),
  volumes: z
    .array(
      z.strictObject({
        at: dayTimeSchema.describe(String(msg`When it begins.`)),
        volumePct: volumeSchema.describe(String(msg`Volume from then on, in percent of the player's range.`)),
      }),
    )
    .max(24)
    .default([])
    .describe(String(msg`Volume by time of day; the highest allowed one by default.`)),
  programme: idSchema.describe(String(msg`What it plays over the day.`)),
  calendar: idSchema.optional().describe(String(msg`Another programme on some days, by a calendar of this section.`)),
  announcements: z
    .array(
      z.strictObject({
        id: idSchema.describe(String(msg`Its name in the reason that people read.`)),
        play: idSchema.describe(String(msg`The track.`)),
        at: z.array(dayTimeSchema).min(1).max(48).describe(String(msg`At these times of each day.`)),
      }),
    )
    .max(32)
    .default([])
    .describe(String(msg`Announcements at fixed times; music waits for them.`)),
});

/** The section `sound`: places with a player, what they play and when, and the limits of the site. */
export const soundSchema = z.strictObject({
  limits: limitsSchema.describe(String(msg`Only the file of the site may set these.`)),
  tracks: z.array(trackSchema).max(256).describe(String(msg`The recordings in the players.`)),
  programmes: z.array(programmeSchema).min(1).max(64).describe(String(msg`What a place plays over the day.`)),
  calendars: z.array(calendarSchema).max(16).default([]).describe(String(msg`Which of these programmes on which day.`)),
  places: z.array(placeSchema).min(1).max(16).describe(String(msg`The places with a player.`)),
});
