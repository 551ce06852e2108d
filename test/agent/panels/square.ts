/** A panel of a square with a field of plain values, on the simulated clock. */
import type { PanelConfig, PanelEntry, PanelValue } from '../../../agent/core/cabinet.ts';
import type { CabinetPoint } from '../../../agent/core/cabinet-points.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import { DEFAULT_LIMITS } from '../../../agent/core/panel-config.ts';
import type { DeviceView, PanelRequest, TextWrite, WriteResult } from '../../../agent/core/ports.ts';
import type { PointProfile } from '../../../agent/core/profile.ts';
import type { AgentEvent, Outcome, PointId, Reading } from '../../../agent/core/words.ts';
import type { RuleState } from '../../../agent/lighting/lighting.ts';
import type { PanelPaces } from '../../../agent/panels/panel-registers.ts';
import { Panels } from '../../../agent/panels/panels.ts';
import { MAX_TEXT_VALUE, textValue, textWords } from '../../../drivers/modbus/text-codec.ts';
import { testDevice, testPoint, writable } from '../../support/profiles.ts';

export const SQUARE_SITE = { latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: 'Europe/Paris' };
export const ALL_DAYS: PanelEntry['days'] = { weekdays: null, from: null, to: null, nthWeekday: null, holidays: null };
/** A Saturday in June, 12:00 in Paris. */
export const NOON_MS = Date.parse('2026-06-20T10:00:00Z');

export const timeOfDay = (text: string): { readonly hour: number; readonly minute: number } => {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
};
export const entry = (text: string, over: Partial<PanelEntry> = {}): PanelEntry => ({
  text,
  at: timeOfDay('00:00'),
  until: timeOfDay('00:00'),
  days: ALL_DAYS,
  ...over,
});
export const value = (id: string, point: string, over: Partial<PanelValue> = {}): PanelValue => ({
  id,
  point,
  today: false,
  decimals: 0,
  words: null,
  missing: null,
  ...over,
});
export const panel = (over: Partial<PanelConfig> = {}): PanelConfig => ({
  id: 'square-panel',
  device: 'PN1',
  points: ['line_1', 'line_2'],
  fallback: 'Welcome',
  limits: DEFAULT_LIMITS,
  values: [],
  rules: [],
  schedule: [],
  ...over,
});
export const holds = (isHolding = true): RuleState => ({ holds: isHolding, sinceMono: 0 });

const LINE: PointProfile = testPoint('line_1', {
  semantic: 'text',
  table: 'holding',
  type: 'text',
  text: {
    encoding: 'latin1',
    length: 16,
    perRegister: 2,
    order: 'high-first',
    align: 'left',
    pad: ' ',
    characters: null,
    replacement: '?',
  },
  poll: 'slow',
  write: writable({ max: MAX_TEXT_VALUE }),
});

export interface PanelSquareOptions {
  readonly panels: readonly PanelConfig[];
  readonly startMs?: number;
  readonly quality?: 'none' | 'synced';
  /** What the disk has; it is changed by saves. */
  readonly disk?: Map<string, unknown>;
  readonly isReadBack?: boolean;
  /** What an earlier configuration of the same run left. */
  readonly paces?: PanelPaces;
}

/** What is wrong with panel and disk. */
interface Trouble {
  isSilent: boolean;
  isDeaf: boolean;
  isDiskFull: boolean;
  isDiskHanging: boolean;
}

export interface PanelSquare {
  readonly clock: ManualClock;
  readonly panels: Panels;
  /** What the panel shows. */
  readonly shown: Map<PointId, string>;
  readonly writes: TextWrite[];
  readonly outcomes: Outcome[];
  readonly events: AgentEvent[];
  readonly rules: Map<string, RuleState>;
  readonly trouble: Trouble;
  readonly disk: Map<string, unknown>;
  device: DeviceView['state'];
  /** A reading of a point. */
  read(pointId: PointId, measured: number | null): void;
  /** Reads the lines of the panel, as a poll does. */
  poll(): void;
  text(): string;
  request(over: Partial<PanelRequest>): Promise<Outcome>;
}

/** A disk with its troubles. */
function createDisk(disk: Map<string, unknown>, trouble: Trouble) {
  return {
    load: async (key: string) => disk.get(key),
    save: (key: string, stored: unknown): Promise<boolean> => {
      if (trouble.isDiskHanging) return new Promise(() => {});
      if (!trouble.isDiskFull) disk.set(key, JSON.parse(JSON.stringify(stored)));
      return Promise.resolve(!trouble.isDiskFull);
    },
  };
}

/** A field whose writes take 80 ms. */
function createPanelField(clock: ManualClock, { trouble, isReadBack }: { readonly trouble: Trouble; readonly isReadBack: boolean }) {
  const latest = new Map<PointId, Reading>();
  const shown = new Map<PointId, string>();
  const writes: TextWrite[] = [];
  const format = LINE.text as NonNullable<PointProfile['text']>;
  const read = (pointId: PointId, value: number | null): Reading => {
    const reading: Reading = { pointId, value, quality: value === null ? 'missing' : 'good', atMono: clock.monoMs(), atMs: clock.wallMs() };
    latest.set(pointId, reading);
    return reading;
  };
  const readText = (pointId: PointId): void => void read(pointId, textValue(textWords(format, shown.get(pointId) ?? '')));
  async function writeText(write: TextWrite): Promise<WriteResult> {
    writes.push(write);
    await new Promise<void>((resolve) => clock.after(80, resolve));
    if (trouble.isSilent) return { state: 'failed', reason: msg`unit 1: no reply in ${300} ms`, sentMono: null };
    if (!trouble.isDeaf) shown.set(write.pointId, write.text);
    if (isReadBack) readText(write.pointId);
    if (trouble.isDeaf && isReadBack) return { state: 'failed', reason: msg`reads back another text`, sentMono: clock.monoMs() };
    return { state: 'verified', sentMono: clock.monoMs(), ...(isReadBack ? {} : { isUnread: true as const }) };
  }
  return { latest, shown, writes, read, readText, writeText };
}

function pointsOf(configs: readonly PanelConfig[], isReadBack: boolean): Map<PointId, CabinetPoint> {
  const profile = { ...LINE, write: { ...writable({ max: MAX_TEXT_VALUE }), readBack: isReadBack } };
  const all = configs.flatMap(({ device, points }) => points.map((name): PointId => `${device}.${name}`));
  return new Map(all.map((pointId) => [pointId, { pointId, device: testDevice('PN1'), profile, semantic: 'text' }]));
}

const REQUEST = {
  panel: 'square-panel',
  text: 'Market until 13:00',
  isEmergency: false,
  minutes: 60,
  sender: 'platform',
  source: 'platform',
} as const;

/** Not started. */
export function createPanelSquare({
  panels: configs,
  startMs = NOON_MS,
  quality = 'synced',
  disk = new Map(),
  isReadBack = true,
  paces = new Map(),
}: PanelSquareOptions): PanelSquare {
  const clock = createManualClock(startMs, quality);
  const trouble: Trouble = { isSilent: false, isDeaf: false, isDiskFull: false, isDiskHanging: false };
  const record = { outcomes: [] as Outcome[], events: [] as AgentEvent[], rules: new Map<string, RuleState>() };
  const { latest, shown, writes, read, readText, writeText } = createPanelField(clock, { trouble, isReadBack });
  const points = pointsOf(configs, isReadBack);
  let commands = 0;
  const square: PanelSquare = {
    ...{ ...record, clock, trouble, disk, shown, writes, device: 'ok' },
    panels: new Panels({
      cabinet: { ...SQUARE_SITE, lines: [], panels: configs },
      paces,
      points,
      clock,
      field: {
        latest: (pointId) => latest.get(pointId),
        devices: () => [{ ...({} as DeviceView), id: 'PN1', state: square.device }],
        writeText,
      },
      store: createDisk(disk, trouble),
      log: { event: () => {} },
      ruleStates: () => record.rules,
      onEvent: (event) => void record.events.push(event),
      onOutcome: (outcome) => void record.outcomes.push(outcome),
    }),
    read: (pointId, measured) => square.panels.onReadings([read(pointId, measured)]),
    poll: () => {
      for (const pointId of points.keys()) readText(pointId);
    },
    text: () =>
      [...points.keys()]
        .map((pointId) => shown.get(pointId) ?? '')
        .join(' ')
        .trim(),
    request: (over) => square.panels.request({ commandId: `c${++commands}`, ...REQUEST, ...over }),
  };
  return square;
}
