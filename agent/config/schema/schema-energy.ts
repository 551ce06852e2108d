/** The section `energy` of `cabinet.yaml`: prices and emission factors, each from a day on. Part of `schema.ts`. */

import * as z from 'zod';
import { msg } from '../../core/message.ts';
import { daySchema, textSchema } from './schema-words.ts';

/** The section `energy`. All of it is for reports; no level depends on it. */
export const energySchema = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .meta({ patternErrorMessage: String(msg`a currency by its three letters, EUR`) })
    .default('EUR')
    .describe(String(msg`Currency of the prices (ISO 4217).`)),
  prices: z
    .array(
      z.strictObject({
        from: daySchema.describe(String(msg`First day of this price; it holds until a later one.`)),
        tariff: z
          .string()
          .regex(/^t([1-9]|10)$/)
          .meta({ patternErrorMessage: String(msg`a tariff period of the utility's meter, t1 to t10`) })
          .optional()
          .describe(String(msg`The tariff period that it is for; all periods without a price of their own by default.`)),
        perKwh: z.number().min(0).max(10_000).describe(String(msg`Price of a kWh.`)),
      }),
    )
    .max(400)
    .optional()
    .describe(String(msg`What a kWh costs.`)),
  co2Factors: z
    .array(
      z.strictObject({
        from: daySchema.describe(String(msg`First day of this factor; it holds until a later one.`)),
        gramsPerKwh: z.number().min(0).max(3_000).describe(String(msg`Emissions of a kWh in grams of CO2-equivalent.`)),
        source: textSchema.describe(String(msg`Publication and year of the number; reports name it.`)),
      }),
    )
    .max(100)
    .optional()
    .describe(String(msg`What a kWh emits. Take the factor that your reporting rules require.`)),
});
