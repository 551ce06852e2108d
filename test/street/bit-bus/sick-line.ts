/** A planned line at work, with the whole field of the agent on the gateway's side, in simulated time. */
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import type { BytePort } from '../../../agent/core/driver.ts';
import { BusError } from '../../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import { createField, type LiveField } from '../../../agent/field/field.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { createModbusLine } from '../../../drivers/modbus/modbus-line.ts';
import { testDevice, testLine, testPoint, testProfile, writable } from '../../support/profiles.ts';
import { createRandom } from '../random.ts';
import { createWire, type Wire } from '../wire.ts';
import { BitBus } from './bit-bus.ts';
import { addBitUnit, addSecondMaster } from './bit-unit.ts';
import type { LinePlan } from './line-plans.ts';

/** A line at work: the field of an agent on a bus of bits, in simulated time. */
export interface SickLine {
  readonly clock: ManualClock;
  readonly field: LiveField;
  readonly bus: BitBus;
  /** Pulls the adapter out for this time. Units: ms. */
  unplug(forMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Builds the line and starts the field; time has not advanced yet. */
export async function startLine(plan: LinePlan): Promise<SickLine> {
  const clock = createManualClock(Date.parse(plan.startAt));
  const bus = new BitBus(clock, { ...plan.wires }, plan.adapter, plan.serial);
  for (const unit of plan.units) addBitUnit(bus, clock, unit);
  const master = plan.master === null ? null : addSecondMaster(bus, clock, { ...plan.master, serial: plan.serial });
  for (const [fromMs, toMs] of plan.bursts) {
    const { sigma, floating } = bus.wires;
    const pulses = { pulsesPerS: 5, pulseMs: 0.2, releaseShare: 0 };
    clock.after(fromMs, () => Object.assign(bus.wires, { sigma: plan.burstSigma, floating: pulses }));
    clock.after(toMs, () => Object.assign(bus.wires, { sigma, floating }));
  }
  const gateway = createGateway(bus);
  const field = createField({
    lines: [fieldLineOf(plan, gateway.portFor, clock)],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 1_500, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: createRandom(plan.seed),
    profiles: () => [],
    periodsMs: plan.periodsMs,
    onReadings: () => {},
    onAlive: () => {},
    onEvent: () => {},
  });
  await field.start();
  return {
    clock,
    field,
    bus,
    async unplug(forMs) {
      gateway.unplug();
      await clock.advance(forMs);
      gateway.replug();
    },
    async stop() {
      master?.stop();
      bus.stop();
      await field.stop();
    },
  };
}

/** The gateway's ports on the bus, one open at a time. */
function createGateway(bus: BitBus) {
  let plugged: Wire | null = null;
  let isUnplugged = false;
  const portFor = (serial: SerialSettings): BytePort => {
    const wire = createWire((bytes) => bus.sendFromGateway(bytes));
    const { open } = wire.port;
    wire.port.open = async () => {
      if (isUnplugged) throw new BusError('port-missing', msg`the simulated port is unplugged`);
      await open();
      bus.tune(serial);
      plugged = wire;
      bus.onGatewayBytes = (bytes) => {
        if (plugged === wire) wire.end.write(bytes);
      };
    };
    return wire.port;
  };
  return {
    portFor,
    unplug() {
      isUnplugged = true;
      plugged?.end.unplug();
    },
    replug() {
      isUnplugged = false;
      plugged?.end.replug();
    },
  };
}

/** All addresses that the cabinet has, whether or not a unit answers there. */
function fieldLineOf(plan: LinePlan, portFor: (serial: SerialSettings) => BytePort, clock: ManualClock) {
  const points = Array.from({ length: plan.registers - 1 }, (_, i) =>
    testPoint(`p${i}`, { table: 'holding', address: i + 1, poll: i % 4 === 0 ? 'normal' : 'slow' }),
  );
  const level = testPoint('level', {
    semantic: 'level',
    table: 'holding',
    address: 0,
    unit: '%',
    range: [0, 1_000],
    write: writable({ max: 1_000 }),
  });
  const lamp = testProfile('lamp', [level, ...points], { serial: plan.serial });
  const sensor = testProfile(
    'sensor',
    [testPoint('motion', { semantic: 'presence', table: 'holding', address: 0, poll: 'fast' }), ...points],
    { serial: plan.serial },
  );
  const devices = Array.from({ length: plan.addresses }, (_, i) =>
    testDevice(`L${i + 1}`, { unit: i + 1, profile: i === 0 && plan.hasPresence ? 'sensor' : 'lamp' }),
  );
  return {
    kind: 'modbus' as const,
    config: testLine('north', devices, { port: '/dev/north', serial: plan.serial }),
    line: createModbusLine({ port: portFor(plan.serial), serial: plan.serial, clock, portFor }),
    driverOf: (id: string) => createModbusDriver(id === 'L1' && plan.hasPresence ? sensor : lamp),
  };
}

/** Lets simulated time run until the work has settled. */
export async function untilSettled<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  work.then(end, end);
  while (!isSettled) await clock.advance(20);
  return work;
}
