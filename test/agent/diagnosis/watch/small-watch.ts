/** A watch over a small plan, fed by a test minute by minute or as often as it likes. */
import { DEFAULT_WATCH } from '../../../../agent/core/watch-config.ts';
import { powerW } from '../../../../agent/diagnosis/energy.ts';
import { type WatchChange, WatchEngine } from '../../../../agent/diagnosis/watch/watch-engine.ts';
import {
  createWatchFrame,
  PHASES,
  setCommand,
  setFeeder,
  setValue,
  type WatchFrame,
} from '../../../../agent/diagnosis/watch/watch-frame.ts';
import type { WatchedMeter, WatchPlan } from '../../../../agent/diagnosis/watch/watch-plan.ts';

export const RATED_W = 50;
const MINUTE_MS = 60_000;
const FEEDER = { id: 'F', phase: null, leakage: null, breaker: 'IO.b', idle: 0 } as const;
const METER = { id: 'M', power: ['M.power'], reactive: [], voltages: [], toW: 1, toVar: 1, isOfLoad: false } as const;

export interface SmallWatch {
  readonly plan: WatchPlan;
  readonly frame: WatchFrame;
  readonly engine: WatchEngine;
  /** As `<lamp, meter or feeder> <fault> begins`, oldest first. */
  readonly log: string[];
  nowMono: number;
  sunDeg: number | null;
  /** Power of each lamp; null: it does not answer. Units: W. */
  readonly drawnW: (number | null)[];
  /** Power of the other loads of the cabinet, and the voltage that all meters show. Units: W, V. */
  otherW: number;
  volts: number;
  /** Runs before each step, for example to set contacts and meters. */
  each: () => void;
  level(levelPct: number, lamps?: readonly number[]): void;
  /** Polls each lamp each `everyMs` for so many minutes. */
  pass(minutes: number, everyMs?: number): void;
}

export function smallWatch({
  lamps = 6,
  hasContactor = false,
  hasSupplyContact = false,
  hasMeter = false,
  lampsOfDevice = 1,
  powerStepW = 0.1,
  meters = [] as readonly WatchedMeter[],
} = {}): SmallWatch {
  const plan = planOf({ lamps, hasContactor, hasSupplyContact, hasMeter, lampsOfDevice, powerStepW, meters });
  const ids = [...plan.lamps.keys()];
  const frame = createWatchFrame(plan);
  const engine = new WatchEngine(plan, frame);
  const nameOf = ({ kind, index }: WatchChange): string => (kind === 'lamp' ? `L${index}` : kind === 'meter' ? `M${index}` : 'F');
  const watch: SmallWatch = {
    ...{ plan, frame, engine, log: [], nowMono: 1_000_000, sunDeg: -20, drawnW: ids.map(() => 0), otherW: 20, volts: 230 },
    each: () => undefined,
    level(levelPct, of = ids) {
      for (const lamp of of) {
        setCommand(frame.commands, lamp, levelPct, watch.nowMono);
        if (watch.drawnW[lamp] !== null) watch.drawnW[lamp] = powerW(RATED_W, levelPct);
      }
    },
    pass(minutes, everyMs = MINUTE_MS) {
      const endMono = watch.nowMono + minutes * MINUTE_MS;
      while (watch.nowMono < endMono) {
        watch.nowMono += everyMs;
        for (const [lamp, drawnW] of watch.drawnW.entries()) {
          if (drawnW === null) continue;
          frame.answeredMono[lamp] = watch.nowMono;
          setValue(frame.lamps.power, lamp, drawnW, watch.nowMono);
        }
        if (!hasMeter) readMeters(watch);
        watch.each();
        for (const change of engine.step({ monoMs: watch.nowMono, sunAltitudeDeg: watch.sunDeg }))
          watch.log.push(`${nameOf(change)} ${change.fault} ${change.begins ? 'begins' : 'ends'}`);
      }
    },
  };
  return watch;
}

interface Size {
  readonly lamps: number;
  readonly hasContactor: boolean;
  readonly hasSupplyContact: boolean;
  readonly hasMeter: boolean;
  readonly lampsOfDevice: number;
  readonly powerStepW: number;
  readonly meters: readonly WatchedMeter[];
}

function planOf({ lamps, hasContactor, hasSupplyContact, hasMeter, lampsOfDevice, powerStepW, meters }: Size): WatchPlan {
  const ids = Array.from({ length: lamps }, (_, at) => at);
  return {
    cabinetId: 'C1',
    lamps: ids.map((at) => ({
      ...{
        id: `L${at}`,
        device: `D${Math.floor(at / lampsOfDevice)}`,
        pole: `P${at}`,
        zone: 'Z',
        feeder: 0,
        ratedPowerW: RATED_W,
        stepW: powerStepW,
        settleMs: 10_000,
      },
      points: { power: `L${at}.power` },
    })),
    feeders: [
      {
        ...{ ...FEEDER, lamps: ids, meter: meters.length === 0 ? -1 : 0 },
        ...{ supply: hasSupplyContact ? 'IO.s' : null, output: hasContactor ? 'K' : null },
      },
    ],
    meters: hasMeter ? [METER] : meters,
    settings: DEFAULT_WATCH,
  };
}

/** Each meter shows all lamps and the other loads. */
function readMeters({ plan, frame, drawnW, otherW, volts, nowMono }: SmallWatch): void {
  const sumW = drawnW.reduce((sum: number, each) => sum + (each ?? 0), otherW);
  for (const [meter, { power, voltages }] of plan.meters.entries()) {
    if (power.length > 0) setValue(frame.meters.power, meter, sumW, nowMono);
    for (const phase of voltages.keys()) setValue(frame.meters.voltage, meter * PHASES + phase, volts, nowMono);
  }
}

/** A meter of a plan. */
export function meter(id: string, { hasPower = true, phases = 3, isOfLoad = false } = {}): WatchedMeter {
  const voltages = Array.from({ length: phases }, (_, phase) => `${id}.v${phase}` as const);
  return { id, power: hasPower ? [`${id}.p`] : [], reactive: [], voltages, toW: 1, toVar: 1, isOfLoad };
}

/** Switches the contactor of the feeder by command. */
export function switched({ frame, nowMono }: SmallWatch, isOn: boolean): void {
  setFeeder(frame.feeders, 0, isOn, nowMono);
}
