/**
 * The rows of the command table about what is kept: history, store, and one page of an export.
 *
 * Owns these rows; the store does the work. Renderers are loaded only where one is shown. Called by the command table.
 */
import type { Timer } from '../../../core/clock.ts';
import type { BackupReport, ExportPage, History, Resolution, StoreCheck } from '../../../core/ports.ts';
import type { AgentView, StoreView } from '../../../core/views.ts';
import type { PointId } from '../../../core/words.ts';
import { agentCommand, type Command, type Job, type LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { numberArg } from '../lines/bus-args.ts';
import { RANGE_OPTIONS, rangeOf, type TimeRange } from '../time-range.ts';
import { cutPage } from './export-frames.ts';
import { findPoint, fittingResolution, MAX_HISTORY_ROWS, readHistory, readRange } from './history-args.ts';

/** What `history` answers. */
export interface PointHistory extends History, TimeRange {
  readonly pointId: PointId;
  readonly unit: string;
  readonly decimals: number;
  readonly resolution: Resolution;
}

/** One page of an export, with what every page of it has in common. */
export interface ExportAnswer extends ExportPage, TimeRange {
  /** By point, those of the running cabinet. */
  readonly units: Readonly<Record<PointId, string>>;
}

/** How far a check is, as far as anybody knows. */
export interface CheckProgress {
  readonly forMs: number;
}

/** How often a check gives word. Units: ms. Source: assumed; it shows that something goes on. */
const CHECK_WORD_MS = 1_000;
/** Frames that a page may be asked for. Source: assumed; the storage thread must not keep a commit waiting for long. */
const PAGE_FRAMES = { min: 1, max: 5_000, usual: 200 };
/** Source: ten digits; a frame a second makes them in three centuries. */
const MAX_SEQ = 9_999_999_999;

const history = agentCommand({
  name: 'history',
  role: 'viewer',
  group: 'Store:',
  summary: 'what a point measured, as a table or a plot',
  arguments: [{ name: 'point', summary: 'as in `luciole points`', required: true, names: 'point' }],
  options: [
    { ...RANGE_OPTIONS.since, summary: `${RANGE_OPTIONS.since.summary} (default: 24h)` },
    RANGE_OPTIONS.until,
    { name: 'by', value: 'STEP', summary: 'raw, minute or hour (default: what fits the time)' },
    { name: 'plot', value: null, summary: 'draw it' },
    { name: 'csv', value: null, summary: 'print it as CSV, with times of UTC' },
    JSON_OPTION,
  ],
  examples: [
    'luciole history M01.power',
    'luciole history M01.power --since 7d --plot',
    'luciole history L07.level --since 2026-12-01T22:00 --until 2026-12-02 --csv',
  ],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: readHistory,
  answer: async (view, args, { clock, timezone }): Promise<PointHistory> => {
    const { pointId, unit, decimals } = findPoint(view, args.point);
    const range = rangeOf(args, clock.wallMs(), timezone);
    const resolution = args.by ?? fittingResolution(range, args.form);
    const found = await asked(view, view.history({ pointId, ...range, resolution, limit: MAX_HISTORY_ROWS }));
    return { pointId, unit, decimals, ...range, resolution, ...found };
  },
  render: async (result, page, { form }) => (await import('./history-page.ts')).renderHistory(result, page, form),
});

const exportAll: LocalCommand = {
  kind: 'local',
  name: 'export',
  role: 'viewer',
  hasSocket: true,
  group: 'Store:',
  summary: 'all readings of a time into a file',
  arguments: [],
  options: [
    RANGE_OPTIONS.since,
    RANGE_OPTIONS.until,
    { name: 'to', value: 'FILE', summary: 'where to; what was broken off goes on; - is the output' },
    { name: 'format', value: 'FORMAT', summary: 'csv or jsonl (default: by the end of the name)' },
    { name: 'json', value: null, summary: 'print the sum on one line, for scripts' },
  ],
  examples: [
    'luciole export --since 24h --to today.csv',
    'luciole export --since 2026-11-01 --until 2026-12-01 --to november.jsonl',
    'luciole export --since 1h --to - --format jsonl',
  ],
};

/** Also asked by `export`, page by page. */
export const EXPORT_PAGE = agentCommand({
  name: 'export page',
  role: 'viewer',
  group: 'Store:',
  summary: 'some frames of an export',
  isHidden: true,
  arguments: [],
  options: [
    RANGE_OPTIONS.since,
    RANGE_OPTIONS.until,
    { name: 'after', value: 'SEQ', summary: 'the frames after this one (default: 0)' },
    { name: 'frames', value: 'COUNT', summary: 'at most so many (default: 200)' },
  ],
  examples: [],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    ...readRange(args),
    afterSeq: numberArg(args, 'after', { min: 0, max: MAX_SEQ, usual: 0 }),
    maxFrames: numberArg(args, 'frames', PAGE_FRAMES),
  }),
  answer: async (view, { afterSeq, maxFrames, ...typed }, { clock, timezone }): Promise<ExportAnswer> => {
    const range = rangeOf(typed, clock.wallMs(), timezone);
    const page = cutPage(await asked(view, view.exportPage({ ...range, afterSeq, maxFrames })));
    return { ...range, ...page, units: Object.fromEntries(view.points('').map(({ pointId, unit }) => [pointId, unit])) };
  },
  render: async (result) => JSON.stringify(result),
});

const store = agentCommand({
  name: 'store',
  role: 'viewer',
  group: 'Store:',
  summary: 'what is kept, how much fits, and its chores',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole store', 'luciole store --json', 'luciole store check'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): Promise<StoreView> => view.store(),
  render: async (result, page) => (await import('./store-page.ts')).renderStore(result, page),
});

const check = agentCommand<object, StoreCheck, CheckProgress>({
  name: 'store check',
  role: 'technician',
  group: 'Store:',
  summary: 'read everything once and name all damage',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole store check', 'luciole store check --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view, _args, job) => withWord(job, () => asked(view, view.checkStore())),
  render: async (result, page) => (await import('./store-page.ts')).renderCheck(result, page),
  succeeded: ({ files, account }) => files.every(({ ok }) => ok) && account?.isBalanced !== false,
  progress: { isLasting: false, load: async () => (await import('./store-page.ts')).renderCheckProgress },
});

const backup = agentCommand({
  name: 'store backup',
  role: 'technician',
  group: 'Store:',
  summary: 'copy the state of the cabinet now',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole store backup', 'luciole store backup --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): Promise<BackupReport> => asked(view, view.backupStore()),
  render: async (result, page) => (await import('./store-page.ts')).renderBackup(result, page),
  audit: ({ path, bytes }) => ({ path, bytes }),
});

/** What the disk answered. Errors: rejects with ConsoleError 'failed' and why it could not be asked. */
async function asked<T>(view: AgentView, answer: Promise<T | undefined>): Promise<T> {
  const found = await answer;
  if (found !== undefined) return found;
  const { reason } = await view.store();
  const why = reason === '' ? 'the storage thread is busy; try again, or ask for less' : `${reason}; see \`luciole store\``;
  throw new ConsoleError('failed', `the store did not answer: ${why}`);
}

/** The work, with a word each second that it goes on. */
async function withWord<T>({ clock, tell, signal }: Job, work: () => Promise<T>): Promise<T> {
  const startMono = clock.monoMs();
  const word = (): Timer => {
    tell({ forMs: clock.monoMs() - startMono } satisfies CheckProgress);
    return clock.after(CHECK_WORD_MS, () => {
      if (!signal.aborted) timer = word();
    });
  };
  let timer = word();
  try {
    return await work();
  } finally {
    timer.cancel();
  }
}

/** In the order of the help. */
export const STORE_COMMANDS: readonly Command[] = [history, exportAll, EXPORT_PAGE, store, check, backup];
