/** The section `watch` of `cabinet.yaml`. Part of `schema.ts`. */
import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { DEFAULT_WATCH } from '../../core/watch-config.ts';
import { idSchema, pointIdSchema } from './schema-words.ts';

const feederSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the circuit, as events show it.`)),
  zones: z.array(idSchema).min(1).describe(String(msg`Its lamps are those of these zones.`)),
  output: idSchema.nullish().describe(String(msg`The output that switches its contactor; without one the agent does not switch it.`)),
  supply: pointIdSchema.nullish().describe(String(msg`Contact behind breaker and contactor: 1 while the circuit has voltage.`)),
  breaker: pointIdSchema.nullish().describe(String(msg`Contact of the breaker: 1 once it has tripped.`)),
  leakage: pointIdSchema.nullish().describe(String(msg`Contact of the earth-leakage relay: 1 once it has tripped.`)),
  phase: z
    .literal([1, 2, 3])
    .nullish()
    .describe(String(msg`The phase of the meter that feeds it; left out where its lamps are on all three.`)),
});

/** The section `watch`: limits of the fault watch, and the feeders. It may be empty. */
export const watchSchema = z.strictObject({
  powerTolerancePct: z
    .number()
    .min(5)
    .max(50)
    .default(DEFAULT_WATCH.powerTolerancePct)
    .describe(String(msg`A lamp may differ from its expected power by this, in percent.`)),
  voltageV: z.number().min(12).max(480).default(DEFAULT_WATCH.voltageV).describe(String(msg`Nominal voltage of the mains.`)),
  voltageTolerancePct: z
    .number()
    .min(5)
    .max(30)
    .default(DEFAULT_WATCH.voltageTolerancePct)
    .describe(String(msg`The voltage may differ from it by this, in percent.`)),
  powerFactorMin: z
    .number()
    .min(0.3)
    .max(0.99)
    .default(DEFAULT_WATCH.powerFactorMin)
    .describe(String(msg`Lowest power factor of a lamp above half its level.`)),
  temperatureMaxC: z
    .number()
    .min(30)
    .max(120)
    .default(DEFAULT_WATCH.temperatureMaxC)
    .describe(String(msg`Highest temperature of a driver, in degrees Celsius.`)),
  tanPhiMax: z
    .number()
    .min(0.1)
    .max(2)
    .default(DEFAULT_WATCH.tanPhiMax)
    .describe(String(msg`Reactive over active power of the cabinet, above which compensation is advised.`)),
  loadMeters: z
    .array(idSchema)
    .max(32)
    .nullish()
    .describe(String(msg`Meters of lamps that cannot communicate. Default: all meters if the cabinet has no lamps, else none.`)),
  loadLampW: z.number().min(1).max(2_000).nullish().describe(String(msg`Rated power of one lamp at these meters.`)),
  ratedHours: z
    .number()
    .int()
    .min(1_000)
    .max(1_000_000)
    .nullish()
    .describe(String(msg`Rated life of the lamps in hours of light, where their drivers do not report one (D4i).`)),
  feeders: z
    .array(feederSchema)
    .max(32)
    .optional()
    .describe(String(msg`The circuits of lamps. Outputs with litWith are circuits without being listed here.`)),
});

/** A section `watch` that passed its schema, with its defaults. The schema checks the form of names, not whether they exist. */
export type WatchDocument = z.output<typeof watchSchema>;
