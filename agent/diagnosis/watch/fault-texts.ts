/** The sentences of each fault: what happened, the evidence, and what to check where with which tool. Pure. */
import type { EventCheck } from '../../core/event-details.ts';
import { type Message, msg } from '../../core/message.ts';
import type { FeederFault, LampFault, MeterFault } from './watch-faults.ts';

/** The values of a fault as texts, for its sentences. */
export interface FaultFigures {
  /** Name of the lamp, feeder or meter. */
  readonly id: string;
  /** Name of the pole or the cabinet. */
  readonly place: string;
  /** What was measured, for the evidence; empty or `-` if nothing was. For a feeder: its contact (`1`), or voltage or power of a lamp. */
  readonly found: string;
  /** What was expected or allowed; empty if there is none. */
  readonly expected: string;
  /** For a lamp: its commanded level, such as `50 %`; else empty. */
  readonly level: string;
  /** The affected lamps of a feeder: how many, and the first of them. */
  readonly lamps: Message;
  /** For a feeder: no group of lamps that lost their supply together shows the fault. */
  readonly isByContact: boolean;
}

/**
 * The sentences of one fault. `begin`, `end`: the texts of its event when it begins and when it is over. `evidence`: what showed it.
 * `check`: what to check, where, and with which tool.
 */
export interface FaultTexts {
  readonly begin: Message;
  readonly end: Message;
  readonly evidence: Message;
  readonly check: EventCheck;
}

type TextsOf = (figures: FaultFigures) => FaultTexts;

const atPole = ({ place }: FaultFigures): Message => msg`pole ${place}`;
const inCabinet = ({ place }: FaultFigures): Message => msg`cabinet ${place}`;
const meterTool = msg`a multimeter`;

/** For each fault of a lamp, the function that makes its sentences from its figures. */
export const LAMP_TEXTS: Readonly<Record<LampFault, TextsOf>> = {
  'lamp-out': (f) => ({
    begin: msg`${f.id}: gives no light`,
    end: msg`${f.id}: gives light again`,
    evidence: msg`${f.found} at ${f.level}, ${f.expected} expected`,
    check: {
      what: msg`LED module and driver, after the fuse in the pole`,
      where: atPole(f),
      tool: msg`a voltage tester, a spare fuse and a spare driver`,
    },
  }),
  'lamp-power-low': (f) => ({
    begin: msg`${f.id}: a part of the lamp has failed`,
    end: msg`${f.id}: the power is as expected again`,
    evidence: msg`${f.found} at ${f.level}, ${f.expected} expected`,
    check: { what: msg`dark LEDs or strings of the module`, where: atPole(f), tool: msg`sight from the ground at night; a spare module` },
  }),
  'lamp-power-high': (f) => ({
    begin: msg`${f.id}: draws more than its level needs, or does not dim`,
    end: msg`${f.id}: the power is as expected again`,
    evidence: msg`${f.found} at ${f.level}, ${f.expected} expected`,
    check: { what: msg`whether the lamp dims, and ratedPowerW`, where: atPole(f), tool: msg`luciole test lamp; a clamp meter` },
  }),
  'lamp-day-burner': (f) => ({
    begin: msg`${f.id}: burns by day`,
    end: msg`${f.id}: is dark by day again`,
    evidence: msg`${f.found} while it should be dark`,
    check: { what: msg`contactor, relay or driver that stays on`, where: atPole(f), tool: msg`luciole test lamp; a voltage tester` },
  }),
  'lamp-cycling': (f) => ({
    begin: msg`${f.id}: goes out and on again`,
    end: msg`${f.id}: stays lit`,
    evidence: msg`three or more times in an hour at ${f.level}, last ${f.found}`,
    check: {
      what: msg`heat at the driver, loose contacts, end of life of the lamp`,
      where: atPole(f),
      tool: msg`sight at night; a spare driver`,
    },
  }),
  'supply-voltage-low': (f) => ({
    begin: msg`${f.id}: the supply voltage is low`,
    end: msg`${f.id}: the supply voltage is normal`,
    evidence: msg`${f.found}, at least ${f.expected} allowed`,
    check: { what: msg`clamps and cable joints up to the pole`, where: atPole(f), tool: meterTool },
  }),
  'supply-voltage-high': (f) => ({
    begin: msg`${f.id}: the supply voltage is high`,
    end: msg`${f.id}: the supply voltage is normal`,
    evidence: msg`${f.found}, at most ${f.expected} allowed`,
    check: { what: msg`the neutral conductor first: an open one endangers all lamps`, where: atPole(f), tool: meterTool },
  }),
  'power-factor-low': (f) => ({
    begin: msg`${f.id}: the power factor is low`,
    end: msg`${f.id}: the power factor is as expected again`,
    evidence: msg`${f.found} at ${f.level}, ${f.expected} expected`,
    check: { what: msg`the driver, which soon fails: have a spare one ready`, where: atPole(f), tool: msg`a power meter` },
  }),
  'temperature-high': (f) => ({
    begin: msg`${f.id}: too hot`,
    end: msg`${f.id}: the temperature is normal`,
    evidence: msg`${f.found} at ${f.level}, at most ${f.expected} allowed`,
    check: { what: msg`cooling fins and nests, then the driver`, where: atPole(f), tool: msg`an infrared thermometer` },
  }),
  'driver-reset': (f) => ({
    begin: msg`${f.id}: the driver has restarted by itself`,
    end: msg`${f.id}: the driver runs`,
    evidence: msg`its uptime began again, that of the other drivers did not`,
    check: { what: msg`loose supply contacts of the driver`, where: atPole(f), tool: meterTool },
  }),
  'unit-silent': (f) => ({
    begin: msg`${f.id}: does not answer`,
    end: msg`${f.id}: answers again`,
    evidence: msg`no answer for 3 min while its feeder is live and others answer`,
    check: { what: msg`bus wires and supply of the driver`, where: atPole(f), tool: msg`a voltage tester; luciole bus scan` },
  }),
};

/** For each fault of a feeder, the function that makes its sentences from its figures. */
export const FEEDER_TEXTS: Readonly<Record<FeederFault, TextsOf>> = {
  'breaker-tripped': (f) => ({
    begin: msg`${f.id}: the breaker has tripped`,
    end: msg`${f.id}: the breaker is on again`,
    evidence: msg`its contact is closed; ${f.lamps} without supply`,
    check: { what: msg`insulation of the feeder before it is switched on again`, where: inCabinet(f), tool: msg`an insulation tester` },
  }),
  'earth-leakage': (f) => ({
    begin: msg`${f.id}: current flows to earth`,
    end: msg`${f.id}: no current flows to earth`,
    evidence: msg`the contact of its earth-leakage relay is closed`,
    check: {
      what: msg`doors and cables of the poles: touch no pole before`,
      where: inCabinet(f),
      tool: msg`an insulation tester and a leakage clamp`,
    },
  }),
  'contactor-stuck-on': (f) => ({
    begin: msg`${f.id}: has voltage although it is switched off`,
    end: msg`${f.id}: is off when it is switched off`,
    evidence: msg`voltage or power of its contact or lamps since it was switched off: ${f.found}`,
    check: { what: msg`welded contactor, manual switch`, where: inCabinet(f), tool: msg`a voltage tester, a spare contactor` },
  }),
  'contactor-stuck-off': (f) => ({
    begin: msg`${f.id}: has no voltage although it is switched on`,
    end: msg`${f.id}: has voltage when it is switched on`,
    evidence: msg`its supply contact is open; ${f.lamps} without supply`,
    check: {
      what: msg`breaker, coil of the contactor, its control fuse`,
      where: inCabinet(f),
      tool: msg`a voltage tester, a spare contactor`,
    },
  }),
  'supply-lost': (f) => ({
    begin: msg`${f.id}: ${f.lamps} lost their supply together`,
    end: msg`${f.id}: its lamps have supply again`,
    evidence: f.isByContact ? msg`its supply contact is open` : msg`they went dark or silent within minutes of each other`,
    check: {
      what: msg`breaker, contactor and fuses of the feeder, then its cable and the bus`,
      where: inCabinet(f),
      tool: msg`a voltage tester, spare fuses`,
    },
  }),
};

/** For each fault that a meter shows, the function that makes its sentences from its figures. */
export const METER_TEXTS: Readonly<Record<MeterFault, TextsOf>> = {
  'supply-lost': (f) => ({
    begin: msg`${f.id}: no mains voltage`,
    end: msg`${f.id}: the mains are back`,
    evidence: msg`phase voltages ${f.found}`,
    check: { what: msg`the main fuse, then call the network operator`, where: inCabinet(f), tool: msg`a voltage tester` },
  }),
  'phase-lost': (f) => ({
    begin: msg`${f.id}: a phase of the mains is missing`,
    end: msg`${f.id}: all phases are present`,
    evidence: msg`phase voltages ${f.found}`,
    check: { what: msg`the main fuses, then call the network operator`, where: inCabinet(f), tool: msg`a voltage tester` },
  }),
  'supply-voltage-low': (f) => ({
    begin: msg`${f.id}: the supply voltage is low`,
    end: msg`${f.id}: the supply voltage is normal`,
    evidence: msg`phase voltages ${f.found}, at least ${f.expected} allowed`,
    check: { what: msg`main clamps, then call the network operator`, where: inCabinet(f), tool: meterTool },
  }),
  'supply-voltage-high': (f) => ({
    begin: msg`${f.id}: the supply voltage is high`,
    end: msg`${f.id}: the supply voltage is normal`,
    evidence: msg`phase voltages ${f.found}, at most ${f.expected} allowed`,
    check: { what: msg`the neutral conductor first: an open one endangers all lamps`, where: inCabinet(f), tool: meterTool },
  }),
  'unexpected-load': (f) => ({
    begin: msg`${f.id}: power is drawn by day although all lamps are off`,
    end: msg`${f.id}: the power by day is normal`,
    evidence: msg`${f.found}, usually ${f.expected}`,
    check: {
      what: msg`lamps that burn, foreign connections, sockets in use`,
      where: inCabinet(f),
      tool: msg`a clamp meter on each feeder`,
    },
  }),
  'meter-differs': (f) => ({
    begin: msg`${f.id}: the meter and the sum of the lamps differ`,
    end: msg`${f.id}: the meter and the sum of the lamps agree`,
    evidence: msg`${f.found}, ${f.expected} expected from the lamps and other loads`,
    check: {
      what: msg`foreign connections, current transformers, fuses of the meter`,
      where: inCabinet(f),
      tool: msg`a clamp meter on each phase`,
    },
  }),
  'reactive-high': (f) => ({
    begin: msg`${f.id}: reactive power is high: compensation may save costs`,
    end: msg`${f.id}: reactive power is normal`,
    evidence: msg`tan phi ${f.found}, at most ${f.expected} advised; dimming raises it`,
    check: { what: msg`the invoice for reactive energy, filters of dimmed drivers`, where: inCabinet(f), tool: msg`the invoice` },
  }),
};
