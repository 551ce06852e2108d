/**
 * The schema of a profile file, with the defaults that keep it short.
 */
import * as z from 'zod';
import type { JsonSchema } from '../agent/core/json-schema.ts';
import { type Message, msg } from '../agent/core/message.ts';
import { MAX_COILS } from './modbus/register-types.ts';

/** Each `patternErrorMessage` states what is allowed, in the words of our messages; a schema stores the text of a message. */
const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,47}$/)
  .meta({ patternErrorMessage: String(msg`lower-case letters, digits, "-" and "_", at most 48`) });
const register = z.int().min(0).max(0xffff);
/** Units: bit/s. Source: the speeds that a line of the cabinet can have. */
const BAUD_RATES = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 256_000, 460_800, 921_600];
/**
 * Most decimals of a point. Source: the store keeps rounded values as whole numbers of their last decimal; with six decimals, values up to
 * 10^9 fit.
 */
export const MAX_POINT_DECIMALS = 6;
/** The parameters of the zone or the site that a set-up row may name. */
const SETUP_PARAMETERS = [
  'rampUpMs',
  'rampDownMs',
  'daliFadeTime',
  'daliFailsafeLevel',
  'daliGroups0',
  'daliGroups8',
  'failsafeTimeoutS',
  'failsafeLevelPct',
] as const;
/** Distance between two repetitions. Units: registers. */
const stride = z.int().min(1).max(10_000).default(1);

const quirks = z.strictObject({
  maxReadRegisters: z.int().min(1).max(125).default(125),
  maxReadBits: z.int().min(1).max(2000).default(2000),
  maxHole: z.int().min(0).max(124).default(0),
  evenAlign: z.boolean().default(false),
  minGapMs: z.int().min(0).max(1_000).default(0),
  startupSilenceMs: z.int().min(0).max(60_000).default(0),
  singleOnly: z.array(z.tuple([register, register])).default([]),
  writeFunction: z.enum(['auto', 'single', 'multiple']).default('auto'),
  readsZeroForUnknown: z.boolean().default(false),
  responseTimeoutMs: z.int().min(20).max(5_000).default(300),
  retries: z.int().min(0).max(9).default(2),
});

/** `min` and `max` are required for all but a text. */
const write = z.strictObject({
  min: z.number().optional(),
  max: z.number().optional(),
  settleMs: z.int().min(0).max(60_000).default(50),
  fades: z.boolean().default(false),
  tolerance: z.number().min(0).default(0),
  address: register.nullable().default(null),
  table: z.enum(['coil', 'holding']).nullable().default(null),
  verify: id.nullable().default(null),
  switchedBy: id.nullable().default(null),
  dangerous: z.boolean().default(false),
  readBack: z.boolean().default(true),
});

const character = z.string().regex(/^[^\p{C}]$/u);

/** How a text is stored: only for `type: text`. */
const text = z.strictObject({
  encoding: z.enum(['ascii', 'latin1', 'utf16']).default('ascii'),
  length: z.int().min(1).max(246),
  perRegister: z.union([z.literal(1), z.literal(2)]).default(2),
  order: z.enum(['high-first', 'low-first']).default('high-first'),
  align: z.enum(['left', 'center', 'right']).default('left'),
  pad: z.union([z.literal('nul'), character]).default(' '),
  characters: z.string().min(1).max(256).nullable().default(null),
  replacement: character.default('?'),
});

/** A pattern of 64 bits, of which a number stores 53. Shape: a number where one is exact. */
const pattern64 = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,16}$/)
  .meta({ patternErrorMessage: String(msg`a number as in the frame, for example 0x7FFFFFFFFFFFFFFF`) })
  .transform((text) => (Number.isSafeInteger(Number(text)) ? Number(text) : `0x${BigInt(text).toString(16)}`));

const flag = z.strictObject({
  bit: z.int().min(0).max(63).nullable().default(null),
  id,
  severity: z.enum(['info', 'warning', 'alarm']).default('warning'),
  message: z.string().min(1),
  inverted: z.boolean().default(false),
});

const point = z.strictObject({
  id,
  semantic: z.enum([
    'level',
    'presence',
    'illuminance',
    'power',
    'energy',
    'voltage',
    'current',
    'temperature',
    'humidity',
    'sound',
    'particles',
    'relay',
    'door',
    'input',
    'fault',
    'derating',
    'frequency',
    'power-factor',
    'reactive',
    'distance',
    'speed',
    'count',
    'pressure',
    'wind',
    'rain',
    'gas',
    'uptime',
    'clock',
    'subscribed-power',
    'text',
    'other',
  ]),
  table: z.enum(['coil', 'discrete', 'input', 'holding']).default('input'),
  address: register.optional(),
  type: z
    .enum([
      'bit',
      'bits',
      'u16',
      's16',
      'u32',
      's32',
      'f32',
      'u64',
      's64',
      'f64',
      'bcd16',
      'bcd32',
      'text',
      'b16',
      'b24',
      'b32',
      'b48',
      'e32',
      'e48',
    ])
    .default('u16'),
  /** Only for type `bits`. */
  coils: z.int().min(1).max(MAX_COILS).default(1),
  bit: z.int().min(0).max(63).nullable().default(null),
  wordOrder: z.enum(['high-first', 'low-first']).default('high-first'),
  byteOrder: z.enum(['high-first', 'low-first']).default('high-first'),
  scale: z
    .number()
    .refine((scale) => scale !== 0, String(msg`a scale of 0 makes every value 0`))
    .default(1),
  offset: z.number().default(0),
  transform: z.enum(['none', 'dali-log']).default('none'),
  /** Default: as many as scale and offset have. */
  decimals: z.int().min(0).max(MAX_POINT_DECIMALS).optional(),
  unit: z.string().max(12).default(''),
  invalid: z.array(z.union([z.number(), pattern64])).default([]),
  range: z.tuple([z.number(), z.number()]).nullable().default(null),
  poll: z.enum(['fast', 'normal', 'slow', 'never']).default('normal'),
  deadband: z.number().min(0).default(0),
  enum: z.record(z.string(), z.string()).nullable().default(null),
  flags: z.array(flag).default([]),
  counter: z
    .strictObject({
      rolloverAt: z.number().positive().nullable().default(null),
      /** Default: what a meter of the cabinet can measure, from the power of its lamps. */
      maxPowerKw: z.number().positive().max(250).optional(),
    })
    .nullable()
    .default(null),
  write: write.nullable().default(null),
  text: text.nullable().default(null),
});

const probe = z.strictObject({
  table: z.enum(['coil', 'discrete', 'input', 'holding']).default('holding'),
  address: register,
  count: z.int().min(1).max(125).default(1),
  oneOf: z.array(z.array(register)).default([]),
  text: z.string().nullable().default(null),
  strength: z.enum(['strong', 'plausible']).default('strong'),
});

const NAMEPLATE_IDS = ['serial', 'firmware', 'hardware', 'model', 'maker'] as const;

const nameplate = z.strictObject({
  id: z.enum(NAMEPLATE_IDS),
  table: z.enum(['input', 'holding']).default('holding'),
  address: register,
  type: z.enum(['text', 'u16', 'u32', 'u64']).default('text'),
  /** Only for a text. Most: no maker's name is longer than 64 characters. */
  count: z.int().min(1).max(32).default(1),
  perRegister: z.union([z.literal(1), z.literal(2)]).default(2),
  wordOrder: z.enum(['high-first', 'low-first']).default('high-first'),
  byteOrder: z.enum(['high-first', 'low-first']).default('high-first'),
});

const group = z.strictObject({
  id,
  reach: z.enum(['bus', 'unit', 'members']),
  table: z.enum(['coil', 'holding']).default('holding'),
  address: register,
  sets: z
    .union([z.array(id), z.literal('all')])
    .nullable()
    .default(null),
  /** With a count the points are named `<id>0`, `<id>1` and so on. */
  count: z.int().min(1).max(256).nullable().default(null),
  stride,
});

const setup = z.strictObject({
  table: z.enum(['coil', 'holding']).default('holding'),
  address: register,
  value: z.union([register, z.enum(SETUP_PARAMETERS)]),
  /** Only for a named value. */
  max: register.default(0xffff),
  why: z.string().min(1),
  forLevel: z.boolean().default(false),
  count: z.int().min(1).max(256).default(1),
  stride,
});

const repeat = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z]{1,16}$/)
    .meta({ patternErrorMessage: String(msg`lower-case letters, at most 16; a number is put behind it`) }),
  count: z.int().min(1).max(256),
  stride: z.int().min(1).max(10_000),
  points: z.array(point).min(1),
});

const hex = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}( ?[0-9A-Fa-f]{2})*$/)
  .meta({ patternErrorMessage: String(msg`bytes in hex, for example "01 03 07 D0 00 04 44 84"`) });

const example = z.strictObject({
  origin: z.string().min(1),
  request: hex.nullable().default(null),
  response: hex,
  expect: z.record(id, z.union([z.number(), z.string()]).nullable()),
  nameplate: z.partialRecord(z.enum(NAMEPLATE_IDS), z.string().nullable()).optional(),
});

const document = z.strictObject({
  id,
  vendor: z.string().min(1),
  model: z.string().min(1),
  category: z.enum(['luminaire-driver', 'dali-gateway', 'meter', 'presence', 'traffic', 'light', 'weather', 'air', 'io', 'power', 'panel']),
  experimental: z.string().min(1).nullable().default(null),
  trust: z.enum(['A', 'A-', 'B+', 'B', 'C']),
  transport: z.enum(['modbus', 'uart', 'dali']).default('modbus'),
  sources: z
    .array(z.string().min(1))
    .min(1)
    .meta({ patternErrorMessage: String(msg`a list of at least one entry that says where the registers are known from`) }),
  notes: z.string().default(''),
  serial: z
    .strictObject({
      baud: z.literal(BAUD_RATES),
      parity: z.enum(['none', 'even', 'odd']).default('none'),
      stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
      dataBits: z.union([z.literal(7), z.literal(8)]).default(8),
    })
    .nullable()
    .describe(String(msg`factory settings; null where the maker states none`)),
  unit: z.int().min(1).max(247).nullable().default(1),
  identify: z.array(probe).default([]),
  uptime: id.nullable().default(null),
  quirks: quirks.prefault({}),
  nameplate: z.array(nameplate).default([]),
  points: z.array(point).default([]),
  repeat: z.array(repeat).default([]),
  setup: z.array(setup).default([]),
  /** Default: true if set-up writes `failsafeTimeoutS`. */
  fallsBack: z.boolean().optional(),
  groups: z.array(group).default([]),
  codec: z.string().nullable().default(null),
  examples: z.array(example).default([]),
});

/** The schema of a profile as a person writes it; `profile-expand.ts` expands it. */
export const profileSchema = document.superRefine(({ transport, points, repeat }, context) => {
  const report = (path: (string | number)[], said: Message): void =>
    context.addIssue({ code: 'custom', path, message: String(said), params: { said } });
  if (points.length === 0 && repeat.length === 0) report(['points'], msg`give at least one point`);
  if (transport === 'uart') return;
  const lists = [{ path: ['points'], points }, ...repeat.map((part, r) => ({ path: ['repeat', r, 'points'], points: part.points }))];
  for (const list of lists) {
    list.points.forEach(({ id, address }, index) => {
      if (address === undefined)
        report([...list.path, index, 'address'], msg`point "${id}" has no address; give the one in the frame, counted from 0`);
    });
    list.points.forEach(({ id, type, write }, index) => {
      if (type === 'text' || write === null || (write.min !== undefined && write.max !== undefined)) return;
      report([...list.path, index, 'write'], msg`point "${id}" needs min and max, the lowest and highest value that may be written`);
    });
  }
});

/** Returns the JSON Schema (draft 7) of a profile file, without the checks of `profileSchema` that are written as code. */
export function profileJsonSchema(): JsonSchema {
  return z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

/** A profile file that fits the schema, with the defaults of the schema filled in. */
export type ProfileDocument = z.output<typeof profileSchema>;
/** One point of a profile file, with the defaults of the schema filled in. */
export type PointDocument = z.output<typeof point>;
