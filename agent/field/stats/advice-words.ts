/**
 * What to check, as texts for a line on an own wire and for a line behind a gateway.
 *
 * The wire of a network line is not visible here, so its texts do not mention A and B, stubs or an adapter.
 */
import { isNetwork } from '../bus-tools/bus-bounds.ts';

/** Ends of sentences; `its` is "its" for one unit and "their" for several. */
export interface AdviceWords {
  /** No unit answers. Units: `baud` in bit/s, null where there is none. */
  noUnit(port: string, baud: number | null): string;
  never(isOne: boolean): string;
  stopped(isOne: boolean): string;
  /** Damaged replies of most units, and of one alone. */
  readonly damagedAll: string;
  damagedOne(unit: number): string;
  readonly echo: string;
  /** Replies of one unit, and of most, that come twice. */
  readonly twice: string;
  readonly repeats: string;
  readonly foreignFrames: string;
  readonly noise: string;
  lossy(isOne: boolean): string;
  /** Too little room at this speed; null where there is none to raise. */
  fuller(baud: number | null): string | null;
}

const WIRE: AdviceWords = {
  noUnit: (port, baud) => `check the supply of the line, A and B swapped, ${baud} baud and parity, and that ${port} is the right port`,
  never: (isOne) =>
    isOne
      ? 'check its address, its supply and its baud rate; "bus scan" finds it elsewhere'
      : 'check their addresses, supply and baud rate; "bus scan" finds them elsewhere',
  stopped: (isOne) => (isOne ? 'check its supply and its wires' : 'check their supply and wires'),
  damagedAll: 'check termination (120 ohm at both ends), biasing, shield and baud rate',
  damagedOne: (unit) => `check its stub and its transceiver, and for a second unit with address ${unit}`,
  echo: 'the adapter hears what it sends: harmless, but switch off its local echo (RE with DE) to spare the line',
  twice: 'switch one unit after the other off until it answers once',
  repeats: 'look for a repeater that passes them on twice',
  foreignFrames: 'look for a second master on the line, or two units with one address',
  noise: 'look for a second master on the line, for missing biasing, or for a unit that talks by itself',
  lossy: (isOne) => (isOne ? 'check its connectors and its supply' : 'check their connectors and supply, and the wire they share'),
  fuller: (baud) => `raise ${baud} baud, poll less often or split the line`,
};

const GATEWAY: AdviceWords = {
  noUnit: (port) => `check that ${port} is the right gateway, its own serial settings and what is behind it`,
  never: (isOne) =>
    isOne
      ? 'check its address, its supply and its cable behind the gateway; "bus scan" finds it elsewhere'
      : 'check their addresses, supply and cable behind the gateway; "bus scan" finds them elsewhere',
  stopped: (isOne) => (isOne ? 'check its supply and its cable behind the gateway' : 'check their supply and cable behind the gateway'),
  damagedAll: 'check the serial settings of the gateway and the cable behind it',
  damagedOne: (unit) => `check its cable behind the gateway, and for a second unit with address ${unit}`,
  echo: 'the gateway sends back what it is sent: harmless, but switch off its local echo to spare the line behind it',
  twice: 'switch one unit behind the gateway after the other off until it answers once',
  repeats: 'look for a repetition in the settings of the gateway',
  foreignFrames: 'look for another client of the gateway, or two units with one address behind it',
  noise: 'look for another client of the gateway, and for a unit behind it that talks by itself',
  lossy: (isOne) =>
    isOne
      ? 'check the network to the gateway, and its cable and supply behind it'
      : 'check the network to the gateway, and their cable and supply behind it',
  fuller: (baud) => (baud === null ? null : `raise ${baud} baud, here and in the gateway, poll less often or split the line`),
};

/** Units: `port` as in the configuration. */
export function adviceWords(port: string): AdviceWords {
  return isNetwork(port) ? GATEWAY : WIRE;
}
