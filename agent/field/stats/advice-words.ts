/**
 * What to check, as texts for a line on an own wire and for a line behind a gateway.
 *
 * The wire of a network line is not visible here, so its texts do not mention A and B, stubs or an adapter.
 */
import type { LineConfig } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import { isNetwork } from '../bus-tools/bus-bounds.ts';

/** Texts of what to check on a line. `isOne`: the sentence is about one unit, otherwise about several. */
export interface AdviceWords {
  /** No unit answers. Units: `baud` in bit/s, null where there is none. */
  noUnit(port: string, baud: number | null): Message;
  /** For units that have never answered. */
  never(isOne: boolean): Message;
  /** For units that have answered before and no longer do. */
  stopped(isOne: boolean): Message;
  /** Damaged replies of most units. */
  readonly damagedAll: Message;
  /** Damaged replies of one unit alone. `unit` is its address. */
  damagedOne(unit: number): Message;
  /** The line receives what it sends. */
  readonly echo: Message;
  /** Replies of one unit that come twice. */
  readonly twice: Message;
  /** Replies of most units that come twice. */
  readonly repeats: Message;
  /** Frames that the agent did not request. */
  readonly foreignFrames: Message;
  /** Bytes that the agent did not request. */
  readonly noise: Message;
  /** Units that miss some of their requests. */
  lossy(isOne: boolean): Message;
  /** The line is too busy at this speed. Units: `baud` in bit/s. Null where a higher speed is no advice. */
  fuller(baud: number | null): Message | null;
}

const WIRE: AdviceWords = {
  noUnit: (port, baud) =>
    msg`check the supply of the line, A and B swapped, ${baud ?? '-'} baud and parity, and that ${port} is the right port`,
  never: (isOne) =>
    isOne
      ? msg`check its address, its supply and its baud rate; "bus scan" finds it elsewhere`
      : msg`check their addresses, supply and baud rate; "bus scan" finds them elsewhere`,
  stopped: (isOne) => (isOne ? msg`check its supply and its wires` : msg`check their supply and wires`),
  damagedAll: msg`check termination (120 ohm at both ends), biasing, shield and baud rate`,
  damagedOne: (unit) => msg`check its stub and its transceiver, and for a second unit with address ${unit}`,
  echo: msg`the adapter receives its own transmission: harmless, but switch off its local echo (RE with DE) to spare the line`,
  twice: msg`switch one unit after the other off until it answers once`,
  repeats: msg`look for a repeater that passes them on twice`,
  foreignFrames: msg`look for a second master on the line, or two units with one address`,
  noise: msg`look for a second master on the line, for missing biasing, or for a unit that sends by itself`,
  lossy: (isOne) => (isOne ? msg`check its connectors and its supply` : msg`check their connectors and supply, and the wire they share`),
  fuller: (baud) => msg`use more than ${baud ?? '-'} baud, poll less often or split the line`,
};

const GATEWAY: AdviceWords = {
  noUnit: (port) => msg`check that ${port} is the right gateway, its own serial settings and what is behind it`,
  never: (isOne) =>
    isOne
      ? msg`check its address, its supply and its cable behind the gateway; "bus scan" finds it elsewhere`
      : msg`check their addresses, supply and cable behind the gateway; "bus scan" finds them elsewhere`,
  stopped: (isOne) =>
    isOne ? msg`check its supply and its cable behind the gateway` : msg`check their supply and cable behind the gateway`,
  damagedAll: msg`check the serial settings of the gateway and the cable behind it`,
  damagedOne: (unit) => msg`check its cable behind the gateway, and for a second unit with address ${unit}`,
  echo: msg`the gateway sends back what it is sent: harmless, but switch off its local echo to spare the line behind it`,
  twice: msg`switch one unit behind the gateway after the other off until it answers once`,
  repeats: msg`look for a repetition in the settings of the gateway`,
  foreignFrames: msg`look for another client of the gateway, or two units with one address behind it`,
  noise: msg`look for another client of the gateway, and for a unit behind it that sends by itself`,
  lossy: (isOne) =>
    isOne
      ? msg`check the network to the gateway, and its cable and supply behind it`
      : msg`check the network to the gateway, and their cable and supply behind it`,
  fuller: (baud) => (baud === null ? null : msg`use more than ${baud} baud, here and in the gateway, poll less often or split the line`),
};

const BUS: AdviceWords = {
  noUnit: (port) => msg`check the DALI wires, the supply of the gear, and that ${port} is the right converter`,
  never: (isOne) =>
    isOne
      ? msg`check its short address and its supply; "bus scan" finds it elsewhere`
      : msg`check their short addresses and supply; "bus scan" finds them elsewhere`,
  stopped: (isOne) => (isOne ? msg`check its supply and its DALI wires` : msg`check their supply and DALI wires`),
  damagedAll: msg`check the length of the DALI bus (300 m at most) and its power supply`,
  damagedOne: (unit) => msg`check for a second gear with short address ${unit}`,
  echo: msg`the converter sends back what it is sent: check its serial cable`,
  twice: msg`check for a second gear with this short address`,
  repeats: msg`look for a repeater on the DALI bus`,
  foreignFrames: msg`look for a wall panel, a sensor or another gateway on the DALI bus`,
  noise: msg`check the serial cable of the converter and its serial settings`,
  lossy: (isOne) =>
    isOne ? msg`check its DALI terminals and its supply` : msg`check their DALI terminals and supply, and the bus they share`,
  fuller: () => null,
};

/** Returns the texts of what to check on a line: on a DALI bus, behind a gateway (`port` with `://`), or on a local port. */
export function adviceWords(port: string, kind: LineConfig['kind']): AdviceWords {
  if (kind === 'dali') return BUS;
  return isNetwork(port) ? GATEWAY : WIRE;
}
