/**
 * The schema of `cabinet.yaml`: keys, types, ranges, defaults, and a sentence on each for editors. Each value is checked alone here; the checks in
 * `check/` compare values.
 */

import * as z from 'zod';
import { ROLES } from '../../core/access.ts';
import { RECORDER_DEFAULTS } from '../../core/cabinet.ts';
import type { JsonSchema } from '../../core/json-schema.ts';
import { msg } from '../../core/message.ts';
import { LANGUAGES } from '../../core/words.ts';
import { energySchema } from './schema-energy.ts';
import {
  calendarSchema,
  eventNightSchema,
  holidaysSchema,
  neighbourSchema,
  outputSchema,
  programmeSchema,
  ruleSchema,
  zoneSchema,
} from './schema-lighting.ts';
import { luminaireShape } from './schema-luminaire.ts';
import { panelSchema } from './schema-panels.ts';
import { soundSchema } from './schema-sound.ts';
import { watchSchema } from './schema-watch.ts';
import {
  daySchema,
  idSchema,
  levelSchema,
  pathSchema,
  revisionKeySchema,
  secondsSchema,
  textSchema,
  topicPartSchema,
} from './schema-words.ts';

/** Units: bit/s. Source: the standard rates of Linux termios within reach of RS-485 street wiring, and 256000 of the LD2410 radar. */
const BAUD_RATES = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 256_000, 460_800, 921_600];
/** Units: bytes. Source: sockaddr_un has 108 with the final zero. */
const MAX_SOCKET_PATH = 107;

const siteSchema = z.strictObject({
  id: idSchema.describe(
    String(msg`Name of this cabinet, unique in the fleet; also the Sparkplug edge node unless uplink.node says otherwise.`),
  ),
  name: textSchema.describe(String(msg`For people: street or place.`)),
  latitudeDeg: z.number().min(-90).max(90).describe(String(msg`Degrees, north positive. Angers: 47.47`)),
  longitudeDeg: z.number().min(-180).max(180).describe(String(msg`Degrees, east positive. Angers: -0.55`)),
  timezone: z.string().min(1).max(64).describe(String(msg`IANA name, for example Europe/Paris.`)),
  clockTrust: z
    .enum(['auto', 'system'])
    .default('auto')
    .describe(String(msg`auto: believe the clock once it is synchronised or battery-backed. system: something else keeps it right.`)),
  startQuietS: secondsSchema(0, 60)
    .default(10)
    .describe(String(msg`After mains return no level is written for so long: drivers start up first.`)),
});

const serialSchema = z.strictObject({
  baud: z.literal(BAUD_RATES).default(9600).describe(String(msg`Bits per second.`)),
  parity: z.enum(['none', 'even', 'odd']).default('none').describe(String(msg`As set in every device of the line.`)),
  stopBits: z.literal([1, 2]).default(1).describe(String(msg`Most devices without parity take either.`)),
  dataBits: z.literal([7, 8]).default(8).describe(String(msg`A modbus line needs 8.`)),
});

/** Bounds as in a profile. */
const quirksSchema = z.strictObject({
  responseTimeoutMs: z
    .int()
    .min(20)
    .max(5_000)
    .optional()
    .describe(String(msg`Longest wait for a reply until the agent has measured the device's own pace, in milliseconds.`)),
  minGapMs: z.int().min(0).max(1_000).optional().describe(String(msg`Silence it needs before its next request, in milliseconds.`)),
  retries: z
    .int()
    .min(0)
    .max(9)
    .optional()
    .describe(
      String(msg`How often a level without a reply is sent again. After one lost reply more in a row the device counts as silent.`),
    ),
});

const deviceSchema = z.strictObject({
  id: idSchema.describe(String(msg`Unique in the cabinet; its points are named after it, L07.level.`)),
  unit: z
    .int()
    .min(0)
    .max(247)
    .optional()
    .describe(String(msg`Modbus address, 1 to 247; on a dali line the short address, 0 to 63. Left out on a uart line.`)),
  profile: z.string().min(1).max(64).describe(String(msg`Device type: the id of a profile, as luciole profile list names it.`)),
  pole: idSchema.nullish().describe(String(msg`The pole that it is on; leave it out for gear in the cabinet.`)),
  roles: z
    .record(z.string().min(1).max(64), z.enum(['door', 'fault', 'emergency', 'lights-on']))
    .optional()
    .describe(
      String(
        msg`What its contacts are wired to, by point: { input_1: door }. emergency: all at 100 % while closed; lights-on: for two hours.`,
      ),
    ),
  contactZones: z
    .record(z.string().min(1).max(64), idSchema)
    .optional()
    .describe(String(msg`The zone that an emergency or lights-on contact lights: { input_1: quay }; all zones by default.`)),
  instances: z
    .record(z.string().min(1).max(64), z.array(z.int().min(0).max(255)).min(1).max(256))
    .optional()
    .describe(String(msg`The repeated parts that it has: { ecg: [0, 1, 2] }; all by default.`)),
  groups: z
    .record(z.string().min(1).max(64), z.array(z.string().min(1).max(64)).min(1).max(256))
    .optional()
    .describe(String(msg`Level points that belong to each of its groups: { group0: [ecg0_level, ecg1_level] }.`)),
  quirks: quirksSchema
    .optional()
    .describe(String(msg`Values for this device alone, in place of those of its profile: for a long cable or a slow gateway.`)),
});

const rs485Schema = z.strictObject({
  rtsHighOnSend: z.boolean().default(true).describe(String(msg`False for a transceiver wired the other way round.`)),
  delayBeforeSendMs: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe(String(msg`From switching the transceiver on to the first bit, in milliseconds.`)),
  delayAfterSendMs: z.int().min(0).max(100).default(0).describe(String(msg`From the last bit to switching it off, in milliseconds.`)),
  receiveDuringSend: z.boolean().default(false).describe(String(msg`The adapter receives its own frames; the agent removes the echo.`)),
});

const lineSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the line: luciole bus scan NAME.`)),
  kind: z
    .enum(['modbus', 'uart', 'dali'])
    .default('modbus')
    .describe(
      String(
        msg`modbus: many units on the wire. uart: one device that sends by itself. dali: a converter (Foxtron) to a bus of DALI gear.`,
      ),
    ),
  port: pathSchema.describe(
    String(
      msg`Device file, best a stable name under /dev/serial/by-path; or tcp://host:502 (Modbus TCP), rtu+tcp://host:port (serial server).`,
    ),
  ),
  serial: serialSchema
    .nullish()
    .describe(String(msg`All devices of a line share these settings; also those of the line behind rtu+tcp://.`)),
  rs485: rs485Schema.nullish().describe(String(msg`Let the kernel switch the transceiver; left out, the adapter or the device tree does.`)),
  broadcast: z
    .boolean()
    .default(true)
    .describe(String(msg`Send one level to the whole line at once where all its units are known to obey or ignore it.`)),
  maxWritesPerS: z.int().min(1).max(200).default(50).describe(String(msg`Most levels written in a second; urgent ones are not counted.`)),
  devices: z
    .array(deviceSchema)
    .describe(String(msg`Its devices. An empty list, [], on a modbus line opens the line for scanning and reading.`)),
});

const poleSchema = z.strictObject({
  id: idSchema.describe(String(msg`The number painted on the pole.`)),
  atM: z
    .number()
    .min(0)
    .max(100_000)
    .describe(String(msg`Distance along its street from the start, in metres; on a branch from where the branch starts.`)),
  branch: idSchema.nullish().describe(String(msg`The side street that it is on; the main street by default.`)),
});

const branchSchema = z.strictObject({
  id: idSchema.describe(String(msg`Name of the branch, used by poles.`)),
  from: idSchema.describe(String(msg`The pole where the branch starts.`)),
});

/** One item of `lamps`: a light point, with the inventory data of its luminaire. */
export const lampSchema = z.strictObject({
  id: idSchema.describe(String(msg`Unique; it may equal the id of the device that drives the lamp, but of no other device.`)),
  device: idSchema.optional().describe(String(msg`The device that drives it; the one of the same id by default.`)),
  point: z.string().min(1).max(64).default('level').describe(String(msg`The quantity of the device that sets the level.`)),
  pole: idSchema.optional().describe(String(msg`Its device's pole by default; one of the two is needed.`)),
  ratedPowerW: z.number().gt(0).max(2000).describe(String(msg`Power at 100 %, in watts.`)),
  minPct: levelSchema.default(0).describe(String(msg`Lowest level while lit.`)),
  maxPct: levelSchema.default(100).describe(String(msg`Highest level.`)),
  burned: z
    .strictObject({
      hours: z.number().min(0).max(1_000_000).describe(String(msg`Burning hours of the lamp on that day.`)),
      on: daySchema.describe(String(msg`The day of the count. Each statement is used once; hours since that day are added.`)),
    })
    .nullish()
    .describe(String(msg`Burning hours of a lamp from before its agent, for constantLight; set them with \`luciole hours\`.`)),
  ...luminaireShape,
});

const uplinkSchema = z.strictObject({
  broker: z.string().min(1).max(256).describe(String(msg`mqtt://host:1883 or mqtts://host:8883`)),
  otherBrokers: z
    .array(z.string().min(1).max(256))
    .max(8)
    .optional()
    .describe(String(msg`Other brokers, tried in this order when the host is offline or a server cannot be reached.`)),
  protocol: z
    .union([z.literal(5), z.literal('3.1.1')])
    .default(5)
    .describe(String(msg`MQTT version.`)),
  group: topicPartSchema.describe(String(msg`Sparkplug group.`)),
  node: topicPartSchema.optional().describe(String(msg`Sparkplug edge node; the id of the cabinet by default.`)),
  primaryHost: topicPartSchema.nullish().describe(String(msg`Wait for this host to be online before sending.`)),
  username: textSchema.nullish().describe(String(msg`The user name of this cabinet at the broker.`)),
  passwordFile: pathSchema
    .nullish()
    .describe(String(msg`File with the password (chmod 0400). A name without a folder is a credential of the service.`)),
  caFile: pathSchema.nullish().describe(String(msg`The authority that certifies the broker; the system's authorities by default.`)),
  certFile: pathSchema.nullish().describe(String(msg`Client certificate; needs keyFile. Read again for each connection.`)),
  keyFile: pathSchema.nullish().describe(String(msg`Its key (chmod 0400, or a credential of the service); needs certFile.`)),
  keepaliveS: z
    .int()
    .min(5)
    .max(1200)
    .default(30)
    .describe(
      String(
        msg`MQTT keepalive. After three quarters of it without traffic the agent sends a ping; without a reply it closes the connection 10 s later.`,
      ),
    ),
  birthJitterS: secondsSchema(0, 600)
    .default(30)
    .describe(String(msg`Longest random wait before a birth, so that a fleet does not arrive at once.`)),
  proof: z
    .enum(['auto', 'broker', 'platform'])
    .optional()
    .describe(
      String(
        msg`Proof of delivery. broker: received. platform: stored and acknowledged (Sync/Ack); the default with otherBrokers or primaryHost. auto: platform once it acknowledges; the default otherwise.`,
      ),
    ),
  aliases: z
    .boolean()
    .default(true)
    .describe(String(msg`Data by alias, without names. False for a host that mishandles aliases; costs twice the bytes.`)),
  datatypeInData: z.boolean().default(false).describe(String(msg`Repeat each type in data, for a host that cannot do without.`)),
  conformance: z.boolean().default(false).describe(String(msg`No random waits, for a conformance checker. Never in a fleet.`)),
  dailyMegabytes: z
    .number()
    .min(1)
    .max(100_000)
    .nullish()
    .describe(
      String(
        msg`The backlog waits for the next day (UTC) once so much was sent; live data goes on. Units: 1,000,000 bytes. No bound by default.`,
      ),
    ),
});

/** Default of `store.dir`, the folder of the agent's data. Source: the folder that the package creates. */
export const STORE_DIR = '/var/lib/luciole';

/** The section `store`: where readings and other records are kept, how much and how long. */
export const storeSchema = z.strictObject({
  dir: pathSchema
    .default(STORE_DIR)
    .describe(
      String(
        msg`Folder of the databases. A relative path starts at the working directory: /var/lib/luciole for the service, the shell's own for a command.`,
      ),
    ),
  commitSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(10)
    .describe(String(msg`At most this much is lost at a power cut; 10,000 readings are written sooner.`)),
  maxMegabytes: z.int().min(16).max(65_536).default(512).describe(String(msg`When it is full, readings are thinned, then the oldest go.`)),
  maxDays: z
    .int()
    .min(1)
    .max(3650)
    .default(400)
    .describe(String(msg`Readings older than this go; 400 days compare a season with the last.`)),
  peopleDays: z
    .int()
    .min(60)
    .max(1095)
    .default(365)
    .describe(
      String(msg`Events, outcomes of commands and entries of the audit log name people; older ones go, up to 30 days before that.`),
    ),
  recordDays: z
    .int()
    .min(1)
    .max(400)
    .default(35)
    .describe(
      String(msg`The record of each lamp's levels with their causes, which tells when sensors detected people, goes after this time.`),
    ),
  heartbeatS: z.int().min(1).max(86_400).default(60).describe(String(msg`An unchanged reading is kept this often all the same.`)),
});

/** The section `recorder`: how much memory the flight recorder uses, and how many recordings of which total size it keeps. */
export const recorderSchema = z.strictObject({
  memoryKilobytes: z
    .int()
    .min(64)
    .max(4096)
    .default(RECORDER_DEFAULTS.memoryKilobytes)
    .describe(String(msg`Memory for the last minutes of all lines and decisions; in force at the next start. Units: 1,000 bytes.`)),
  maxRecordings: z
    .int()
    .min(4)
    .max(500)
    .default(RECORDER_DEFAULTS.maxRecordings)
    .describe(String(msg`Recordings kept; for a new one the oldest goes that is not protected.`)),
  maxMegabytes: z
    .int()
    .min(1)
    .max(500)
    .default(RECORDER_DEFAULTS.maxMegabytes)
    .describe(String(msg`All recordings together have at most this size. Units: 1,000,000 bytes.`)),
});

const consoleSchema = z.strictObject({
  socketPath: z
    .string()
    .min(1)
    .max(MAX_SOCKET_PATH)
    .nullish()
    .describe(String(msg`Where the console answers; /run/luciole/agent.sock of the service, else a folder of the user by default.`)),
  language: z
    .enum(LANGUAGES)
    .default('en')
    .describe(String(msg`Language of the messages in a session of luciole console; each person may choose another there.`)),
});

const serviceSchema = z.strictObject({
  metricsFile: z
    .string()
    .max(4096)
    .regex(/^\/.+\.prom$/)
    .meta({ patternErrorMessage: String(msg`an absolute path that ends in .prom`) })
    .nullish()
    .describe(
      String(msg`Written each minute for node_exporter's textfile collector, for example /var/lib/prometheus/node-exporter/luciole.prom.`),
    ),
});

const trustSchema = z.strictObject({
  revisionKeys: z
    .array(
      z.strictObject({
        id: idSchema.describe(String(msg`Name of its holder, as events show it.`)),
        key: revisionKeySchema.describe(
          String(msg`Public Ed25519 key in base64, as luciole config keygen prints it; its private half never lies here.`),
        ),
      }),
    )
    .max(16)
    .optional()
    .describe(String(msg`Keys of people who may sign revisions offline: luciole config sign. Only the file of the site may name them.`)),
  userKeys: z
    .array(
      z.strictObject({
        id: idSchema.describe(String(msg`Name of its holder, as events show it.`)),
        key: revisionKeySchema.describe(
          String(msg`Public Ed25519 key in base64, as luciole config keygen prints it; its private half never lies here.`),
        ),
        role: z.enum(ROLES).default('technician').describe(String(msg`The highest role that a list with this signature gives.`)),
      }),
    )
    .max(16)
    .optional()
    .describe(
      String(
        msg`Keys of people who may sign the list of users that the platform sends: luciole user sign. None by default: no list is taken.`,
      ),
    ),
  ports: z
    .array(pathSchema)
    .max(64)
    .optional()
    .describe(
      String(
        msg`Ports that a line of a revision may use beside those of the lines here, as lines[].port: a spare adapter, a new gateway; a network as tcp://10.20.0.0/24 or rtu+tcp://10.20.0.0/24:4001.`,
      ),
    ),
});

/** Source: measured, the check of 600 branches in a chain takes a second; a cabinet has a few. */
const MAX_BRANCHES = 256;

/** The schema of `cabinet.yaml`. It does not check values against each other. */
export const cabinetSchema = z.strictObject({
  cabinet: siteSchema.describe(String(msg`The site.`)),
  lines: z.array(lineSchema).min(1).describe(String(msg`Serial ports and network endpoints, and the devices on them.`)),
  poles: z.array(poleSchema).describe(String(msg`Along the street; may be empty, [].`)),
  branches: z.array(branchSchema).max(MAX_BRANCHES).optional().describe(String(msg`Side streets.`)),
  lamps: z.array(lampSchema).describe(String(msg`Light points; may be empty.`)),
  zones: z.array(zoneSchema).describe(String(msg`Lamps that act together; may be empty where there is no lamp.`)),
  programmes: z.array(programmeSchema).describe(String(msg`Levels of zones over the night; may be empty where there is no zone.`)),
  calendars: z.array(calendarSchema).optional().describe(String(msg`Which programme on which night.`)),
  holidays: z.array(holidaysSchema).max(16).optional().describe(String(msg`Lists of public holidays that are not built in.`)),
  eventNights: z
    .array(eventNightSchema)
    .optional()
    .describe(String(msg`Nights with a level of their own for a time: fireworks, a market.`)),
  rules: z.array(ruleSchema).optional().describe(String(msg`Conditions: a measured value beyond a threshold, presence or traffic.`)),
  outputs: z
    .array(outputSchema)
    .optional()
    .describe(String(msg`Relay circuits, message numbers, volumes: points that follow zones and rules.`)),
  sound: soundSchema.nullish().describe(String(msg`Music and announcements from serial players, with their amplifiers.`)),
  panels: z.array(panelSchema).max(16).optional().describe(String(msg`Information panels: texts by rule, clock and calendar.`)),
  watch: watchSchema.nullish().describe(String(msg`Limits of the fault watch, and which circuit feeds which lamps.`)),
  energy: energySchema.nullish().describe(String(msg`Prices of energy and emission factors, for reports.`)),
  neighbours: z.array(neighbourSchema).optional().describe(String(msg`Cabinets where the street goes on.`)),
  uplink: uplinkSchema.nullish().describe(String(msg`The city's platform; left out, the cabinet works alone.`)),
  store: storeSchema.nullish().describe(String(msg`Where readings are kept.`)),
  recorder: recorderSchema
    .nullish()
    .describe(String(msg`What the flight recorder keeps: the bytes of the lines before and after an alarm.`)),
  console: consoleSchema.nullish().describe(String(msg`Access for the technician.`)),
  service: serviceSchema.nullish().describe(String(msg`What the agent writes for the monitoring of the gateway.`)),
  trust: trustSchema
    .nullish()
    .describe(String(msg`What revisions from platform and console may do beyond this file, and who may approve it from a distance.`)),
  profileDirs: z
    .array(pathSchema)
    .nullish()
    .describe(String(msg`Folders of your own device profiles, as seen from the folder of this file; /etc/luciole/profiles by default.`)),
});

/** A document that passed the schema, with the defaults of its keys. A section that was left out stays absent; see `completeCabinet`. */
export type CabinetDocument = z.output<typeof cabinetSchema>;
/** A cabinet document that passes the schema, as it is written, before defaults are added. */
export type CabinetInput = z.input<typeof cabinetSchema>;

/** Returns the JSON schema (draft 7) of `cabinet.yaml` as a person writes it, before defaults. */
export function cabinetJsonSchema(): JsonSchema {
  return { title: 'Luciole cabinet', ...(z.toJSONSchema(cabinetSchema, { io: 'input', target: 'draft-7' }) as JsonSchema) } as JsonSchema;
}
