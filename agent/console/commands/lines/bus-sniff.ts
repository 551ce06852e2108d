/** `bus sniff`: shows the frames of a line or of a free serial port without sending. */

import type { SerialSettings } from '../../../core/cabinet.ts';
import { count } from '../../../core/counts.ts';
import type { SniffedLine } from '../../../core/line-sniffer.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { FlightRow } from '../../../core/recorder-tools.ts';
import { createTokenBucket } from '../../../core/token-bucket.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatDuration, parseDuration } from '../../text/duration.ts';
import { type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';
import { renderRow } from '../recorder/flight-page.ts';
import { untilOver, type Watched } from '../until-over.ts';
import { findLine, onBus } from './bus-args.ts';

/**
 * Longest time without polls of the agent. Units: ms. Source: drivers without communication fall back to their failsafe level after a minute
 * (`agent.ts`); half of it leaves time to resume.
 */
const HUSH_MS = 30_000;
/** Frames sent to a client: more are counted as missed. Source: assumed; a line of 115200 baud has 150 transactions a second. Confirmed by: `bus sniff` of such a line on the bench. */
const RATE = { burst: 1_000, perS: 400 };
/** Memory of `--keep`. Units: bytes. Source: as the flight recorder's own. */
const CAPTURE_BYTES = 384_000;
const PARITIES = ['none', 'even', 'odd'] as const;
const BAUD = { min: 1_200, max: 921_600, usual: 9_600 };

interface SniffArgs {
  /** A line, or the path of a port. */
  readonly line: string;
  readonly forMs: number | null;
  readonly isExclusive: boolean;
  readonly isKept: boolean;
  /** For a free port. */
  readonly serial: SerialSettings;
}

/**
 * The answer of `bus sniff`. `frames`: number of all frames by kind, also of those not sent to the client. A run of bytes without a frame
 * counts as one or more of kind `noise`, on a line of raw bytes as `raw`. `units`: addresses in the frames. `foreign`: number of frames
 * in which the agent seems to have no part, without noise; null on a free port. `line`: its id, or the path of a free port.
 */
export interface LineSniffed extends Watched {
  readonly line: string;
  readonly frames: Readonly<Record<string, number>>;
  readonly units: readonly number[];
  readonly foreign: number | null;
  /** By `--exclusive` the agent did not poll meanwhile; false on a free port. */
  readonly isExclusive: boolean;
  /** Number of the recording of `--keep`; null without one. */
  readonly recording: number | null;
}

type FrameRow = Extract<FlightRow, { what: 'frame' }>;

/**
 * `bus sniff`: sends the frames of a line, or of a free serial port, to the client and answers with a summary. Frames above a rate limit,
 * or that the client cannot take, are not sent, but counted. The command itself transmits nothing on the line.
 */
export const BUS_SNIFF = agentCommand<SniffArgs, LineSniffed, FrameRow>({
  name: 'bus sniff',
  role: 'technician',
  group: 'Lines:',
  summary: msg`every frame, without sending one`,
  hasSummary: true,
  arguments: [{ name: 'line', summary: msg`a line, or a free serial port: /dev/ttyUSB1`, required: true, names: 'line' }],
  options: [
    { name: 'for', value: 'DURATION', summary: msg`end by itself after this, as 30s or 5m` },
    { name: 'exclusive', value: null, summary: msg`no polls meanwhile, for 30 s at most; levels are still sent` },
    { name: 'keep', value: null, summary: msg`store it as a recording, for \`recorder export\`` },
    { name: 'baud', value: 'BAUD', summary: msg`speed of a free port (default: 9600)` },
    { name: 'parity', value: 'PARITY', summary: msg`none, even or odd, of a free port (default: none)`, choices: PARITIES },
    { name: 'stop-bits', value: 'COUNT', summary: msg`1 or 2, of a free port (default: 1)` },
  ],
  examples: [
    'luciole bus sniff street --for 30s',
    'luciole bus sniff street --exclusive --keep',
    'luciole bus sniff /dev/ttyUSB1 --baud 19200',
  ],
  read: readSniff,
  answer: (view, args, job) => onBus(() => sniff(view, args, job)),
  render: renderSniffEnd,
  progress: { isLasting: true, load: async () => renderRow },
});

function readSniff(args: RawArgs): SniffArgs {
  const line = textArg(args, 'line');
  const isExclusive = args['exclusive'] === true;
  const typedMs = args['for'] === undefined ? null : parseDuration(textArg(args, 'for'));
  if (isExclusive && typedMs !== null && typedMs > HUSH_MS)
    throw new ConsoleError(
      'usage',
      msg`--exclusive lasts ${formatDuration(HUSH_MS)} at most: units without polls fall back to their failsafe level`,
    );
  const forMs = isExclusive && !isPort(line) ? (typedMs ?? HUSH_MS) : typedMs;
  return { line, forMs, isExclusive, isKept: args['keep'] === true, serial: readSerial(args, isPort(line)) };
}

function readSerial(args: RawArgs, isFree: boolean): SerialSettings {
  if (!isFree && ['baud', 'parity', 'stop-bits'].some((name) => args[name] !== undefined))
    throw new ConsoleError('usage', msg`a line has its own serial settings: --baud, --parity and --stop-bits are for a free port`);
  const parity = args['parity'] === undefined ? 'none' : PARITIES.find((each) => each === args['parity']);
  if (parity === undefined) throw new ConsoleError('usage', msg`bad --parity: it is one of ${[...PARITIES]}`);
  const stopBits = numberArg(args, 'stop-bits', { min: 1, max: 2, usual: 1 }) === 2 ? 2 : 1;
  return { baud: numberArg(args, 'baud', BAUD), parity, stopBits, dataBits: 8 };
}

function isPort(line: string): boolean {
  return line.startsWith('/');
}

/** Errors: rejects with ConsoleError, Refusal and BusError. */
async function sniff(view: AgentView, { line: typed, forMs, isExclusive, isKept, serial }: SniffArgs, job: Job): Promise<LineSniffed> {
  const isFree = isPort(typed);
  const line = isFree ? typed : findLine(view, typed);
  const wire: SniffedLine = isFree
    ? { protocol: 'rtu', serial, isNetwork: false }
    : (view.sniffer.lineOf(line) ?? { protocol: 'raw', serial: null, isNetwork: true });
  const { startSniff } = await import('../../../diagnosis/flight/sniff-run.ts');
  const tally = createTally(job);
  const run = startSniff({ line, ...wire, clock: job.clock, captureBytes: isKept ? CAPTURE_BYTES : null, onFrame: tally.note });
  const stops: (() => unknown)[] = [];
  let capture: ReturnType<typeof run.end> = null;
  try {
    stops.push(isFree ? await view.sniffer.listen({ path: line, serial }, run.tap) : view.sniffer.observe(line, run.tap));
    if (isExclusive && !isFree) stops.push(view.sniffer.hush(line, forMs ?? HUSH_MS));
    await untilOver(job, forMs, () => {});
  } finally {
    try {
      for (const stop of stops) await stop();
    } finally {
      capture = run.end();
    }
  }
  const kind = wire.protocol === 'raw' ? 'uart' : 'modbus';
  const named = { id: line, kind, port: line, serial: wire.serial } as const;
  const kept = capture === null ? null : await view.recorder.keep(job.source, { ...capture, line: named });
  return { line, ...tally.sum(isFree), isExclusive: isExclusive && !isFree, recording: kept?.id ?? null };
}

/** Counts the frames and passes them on, as many as the rate allows. */
function createTally(job: Job) {
  const startMono = job.clock.monoMs();
  const bucket = createTokenBucket(job.clock, RATE);
  const frames: Record<string, number> = {};
  const units = new Set<number>();
  let [seen, missed, foreign] = [0, 0, 0];
  return {
    note(row: FrameRow): void {
      frames[row.kind] = (frames[row.kind] ?? 0) + 1;
      if (row.unit !== null) units.add(row.unit);
      if (row.isForeign) foreign++;
      if (bucket.take() && job.report(row)) seen++;
      else missed++;
    },
    sum: (isFree: boolean): Omit<LineSniffed, 'line' | 'isExclusive' | 'recording'> => ({
      seen,
      missed,
      durationMs: Math.round(job.clock.monoMs() - startMono),
      frames,
      units: [...units].sort((a, b) => a - b),
      foreign: isFree ? null : foreign,
    }),
  };
}

/** Renders the summary of `bus sniff`: how many frames of which kind, whose, and where they are kept. */
function renderSniffEnd({ line, seen, missed, durationMs, frames, foreign, isExclusive, recording }: LineSniffed, page: Page): string {
  const all = seen + missed;
  const kinds = Object.entries(frames).map(([kind, number]) => msg`${number} ${wordOf(kind)}`);
  const sums: Message[] = [
    kinds.length === 0 && isExclusive
      ? msg`no frame on ${line} in ${formatDuration(durationMs)} without polls: no one else sends`
      : kinds.length === 0
        ? msg`no frame on ${line} in ${formatDuration(durationMs)}: check speed and parity, A and B, and that something sends`
        : msg`${count(all, 'frame')} on ${line} in ${formatDuration(durationMs)}: ${kinds}`,
    ...(missed === 0 ? [] : [msg`${missed} of them not shown: this terminal is too slow, or it was more than ${RATE.perS} a second`]),
    ...(foreign === null || foreign === 0
      ? []
      : [msg`${count(foreign, 'frame')} of another sender (marked *): a second master on the line?`]),
    ...(recording === null ? [] : [msg`kept as recording ${recording}: luciole recorder export ${recording} --format pcapng`]),
  ];
  return sums.flatMap((sum) => paragraph(translated(sum, page), page)).join('\n');
}
