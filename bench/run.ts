/**
 * The entry of the benches: parses the command line, runs one bench, and exits with whether its goals were met.
 *
 * Figures go to standard output, one JSON object a line; progress to standard error.
 */
import { parseArgs } from 'node:util';
import { BROKERS_FIGURES, brokersBench } from './brokers/brokers-bench.ts';
import { DALI_FIGURES, daliBench } from './dali/dali-bench.ts';
import { DOCTOR_FIGURES, doctorBench } from './doctor/doctor-bench.ts';
import { FAULTS_FIGURES, faultsBench } from './faults/faults-bench.ts';
import { FOOTPRINT_FIGURES, footprintBench } from './footprint/footprint-bench.ts';
import { LIGHTING_FIGURES, lightingBench } from './lighting/lighting-bench.ts';
import { LINE_FIGURES, lineBench } from './line/line-bench.ts';
import { NIGHTS_FIGURES, nightsBench } from './nights/nights-bench.ts';
import { PREDICT_FIGURES, predictBench } from './predict/predict-bench.ts';
import type { BenchOptions } from './result.ts';
import { SAVINGS_FIGURES, savingsBench } from './savings/savings-bench.ts';
import { STORE_FIGURES, storeBench } from './store/store-bench.ts';
import { TIC_FIGURES, ticBench } from './tic/tic-bench.ts';
import { UPLINK_FIGURES, uplinkBench } from './uplink/uplink-bench.ts';

const HELP = `Luciole beside its peers and the limits of physics, all in one run on this machine.

Usage: npm run -s bench -- NAME [FIGURE…] [options]

  line      a serial line, beside modbus-serial, jsmodbus and, where it is installed, libmodbus; about six minutes
            efficiency   share of the line's time that is wire time, at 9600, 19200 and 115200 baud
            cpu          CPU time of a read when the reply comes in pieces
            urgent       how long an urgent level waits on a line without a pause
            dead-units   what one dead unit costs the others, and a tenth of them dead
            detection    from movement to the first level and to the last of 35 lamps, by broadcast and lamp by lamp
            scan         all 247 addresses at 9600 baud while polling goes on
            tic          what a TIC meter at 1200 baud beside the line changes, for efficiency and detection
  store     the offline memory at 360 readings a minute, beside a table with a row a reading and bare better-sqlite3;
            about ten minutes and 1 GB in the temporary folder
            disk         bytes a reading on disk, as frames and compacted, after a day and after 30 days
            device       bytes a reading that reach the storage device, with commits each 10 s and 60 s; as root, on a loop device
            ingest       readings a second through the commit path
            history      a day of one point read back with 30 days stored
            memory       what the storage thread costs
            compaction   how long a call of the hourly compaction takes
            shrink       how long commits wait while a cap that was lowered on a full store is reached
            record       bytes a day of the record of decisions, 35 lamps on a busy night, and what thinning removes

  lighting  light on demand; about ten minutes
            decide       what one decision for 250 lamps costs
            wave         what the wave alone costs in it
            detection    to the first level while people override zones, test lamps and scan the line; and the same figure as of the line
            passages     whether the lamp ahead of a cyclist has its level before he is there, 500 passages, with the wave and without
            energy       a winter week against the declared baseline, with the wave and without

  uplink    the way to the platform, through Debian's Mosquitto; about five minutes and 100 MB in the temporary folder
            drain        1.2 million readings of backlog with live data beside them: time, lateness of live data, memory, bytes
            bytes        bytes a reading live, as history and packed, beside JSON
            encode       payloads encoded and read, beside sparkplug-payload

  brokers   Mosquitto, and RabbitMQ and NATS as clusters of three, each where it is installed; about twenty minutes
            abilities    retained messages, wills, shared subscriptions, versions, takeover, sizes: the table of docs/brokers.md
            failover     a node killed, stopped or cut off: time until cabinets are back at another node, readings lost

  dali      64 D4i drivers on a simulated DALI bus; two minutes for six simulated hours
            bus          levels while memory banks are read, the age of the banks, failure flags as events

  faults    the fault watch on a simulated cabinet of 35 lamps, polled each minute; about ten minutes
            real-cabinet with --data DIR, a meter's log: false alarms, lost lamps of 50 to 200 W, a load by day; two minutes
            recall       each kind of fault alone: how many are found, and how late
            pairs        two faults at about the same time
            healthy      false alarms in 110 months with weather, dimming, presence, lost polls and mains cuts
            cpu          the cost of the engine with 250 lamps

  predict   the prediction of failures on simulated lamps that wear for three years, 20 cabinets of 35; about three minutes
            street       failing lamps listed before they fail, entries without a failure, failures within the stated interval
  savings   proven savings and their error bar; about three minutes
            real-cabinet with --data DIR, a meter's log: each night from the other nights
            seasons      learned in December, judged in June
            cuts         cuts of 5 to 120 min: how often the 90 % interval has the truth
            known-year   a year with known truth: lamps added, wrong wattage, meter exchanged, clock lost, no uplink

  doctor    the bus doctor on lines with a known cause, in simulated time; about eight minutes
            matrix       verdicts by cause, healthy lines too: right, undecided and wrong
            real         six lines on pseudo-terminals, examined by the command while the agent runs as a process

  nights    real nights on simulated streets, with --data DIR; about fifteen minutes
            presses      buttons of 213 intersections, each a cabinet: light in time, boosted share by hold, writes, defective buttons named, energy
            traffic      three weeks of counts: the class of the road by its flow, changes a night, energy

  footprint the packaged agent on a street of 35 lamps, beside Node-RED with its Modbus nodes, which npm installs into a temporary folder;
            about ten minutes and 1 GB there
            agent        memory after two minutes, and the time from the start to the first poll
            start        the start under a service manager: ready and first poll; with --slow N on a part of a core
            package      size of the package and of what it installs

  tic       the output of the utility's meter; about two minutes
            corruption   wrong energy values within a million corrupted bytes, and the rate of other wrong values
            captures     real captures, from --data

  --data DIR   a folder with tic/*.txt, captures as text with a group a line, cabinet-meter.csv.gz: minute,watts,volts,
                pedestrian-presses.csv.gz and traffic-15min.csv.gz
  --quick   fewer and shorter rounds: to see that it runs, not to quote
  --minutes N  how long the agent of the footprint runs before its memory is read (default: 2; the peer at most 2)
  --slow N  1 ms of CPU in N ms for the start of the footprint, 2 to 1000 (default: a whole core)
  --json    JSON lines on standard output, the only form there is
  --help    this text

Figures: {bench, metric, baud, value, unit, goal, ok, peer, peerValue, ratio, note}; one line for each peer.
Masters, unit and this program share the machine's cores: compare figures of one run only, on a machine that does nothing else.
Exit code: 0 all goals met, 1 a goal of ours missed or a failure, 64 bad command line.
`;

const EXIT_FAILED = 1;
/** Source: sysexits.h, EX_USAGE. */
const EXIT_USAGE = 64;

/** A day. */
const MOST_MINUTES = 1_440;

/** The longest period of a CPU quota is a second, its shortest share a millisecond. Source: Linux, Documentation/scheduler/sched-bwc.rst. */
const MAX_SLOW = 1_000;

interface Bench {
  readonly run: (options: BenchOptions) => Promise<void>;
  readonly figures: readonly string[];
}

const BENCHES: Readonly<Record<string, Bench>> = {
  brokers: { run: brokersBench, figures: Object.keys(BROKERS_FIGURES) },
  dali: { run: daliBench, figures: Object.keys(DALI_FIGURES) },
  doctor: { run: doctorBench, figures: Object.keys(DOCTOR_FIGURES) },
  faults: { run: faultsBench, figures: Object.keys(FAULTS_FIGURES) },
  footprint: { run: footprintBench, figures: Object.keys(FOOTPRINT_FIGURES) },
  line: { run: lineBench, figures: Object.keys(LINE_FIGURES) },
  lighting: { run: lightingBench, figures: Object.keys(LIGHTING_FIGURES) },
  nights: { run: nightsBench, figures: Object.keys(NIGHTS_FIGURES) },
  predict: { run: predictBench, figures: Object.keys(PREDICT_FIGURES) },
  savings: { run: savingsBench, figures: Object.keys(SAVINGS_FIGURES) },
  store: { run: storeBench, figures: Object.keys(STORE_FIGURES) },
  tic: { run: ticBench, figures: Object.keys(TIC_FIGURES) },
  uplink: { run: uplinkBench, figures: Object.keys(UPLINK_FIGURES) },
};

process.exitCode = await run(process.argv.slice(2));

async function run(words: string[]): Promise<number> {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(words);
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (given.values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name = '', ...figures] = given.positionals;
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench === undefined) return refuse(`bad bench "${name}": one of ${Object.keys(BENCHES).join(', ')}`);
  const unknown = figures.find((figure) => !bench.figures.includes(figure));
  if (unknown !== undefined) return refuse(`bad figure "${unknown}": one of ${bench.figures.join(', ')}`);
  const minutes = given.values.minutes === undefined ? null : Number(given.values.minutes);
  if (minutes !== null && !(minutes > 0 && minutes <= MOST_MINUTES))
    return refuse(`bad --minutes "${given.values.minutes}": 0.1 to ${MOST_MINUTES}`);
  const slow = given.values.slow === undefined ? null : Number(given.values.slow);
  if (slow !== null && !(slow >= 2 && slow <= MAX_SLOW)) return refuse(`bad --slow "${given.values.slow}": 2 to ${MAX_SLOW}`);
  return measure(bench, { quick: given.values.quick, figures, minutes, slow, dataDir: given.values.data ?? null });
}

async function measure(
  { run: bench }: Bench,
  wanted: Pick<BenchOptions, 'quick' | 'figures' | 'minutes' | 'slow' | 'dataDir'>,
): Promise<number> {
  const missed = new Set<string>();
  try {
    await bench({
      ...wanted,
      emit(result) {
        process.stdout.write(`${JSON.stringify(result)}\n`);
        if (result.ok === false) missed.add(`${result.metric} ${result.baud ?? ''}: ${result.value} ${result.unit}, goal ${result.goal}`);
      },
      progress: (text) => void process.stderr.write(`${text}\n`),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    return EXIT_FAILED;
  }
  for (const text of missed) process.stderr.write(`missed: ${text}\n`);
  return missed.size === 0 ? 0 : EXIT_FAILED;
}

function parse(words: string[]) {
  return parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      slow: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  });
}

function refuse(reason: string): number {
  process.stderr.write(`bench: ${reason}\nSee npm run -s bench -- --help\n`);
  return EXIT_USAGE;
}
