/** Builds the passive observation of lines. Each call uses the configuration in force then. */
import { type LineSniffer, type SniffedLine, sniffedLineOf } from '../core/line-sniffer.ts';
import { listenOnPort } from '../field/port-listener.ts';
import type { Joined } from './parts.ts';

/** Returns functions by which a console finds and observes a line of this agent, pauses its polls, or observes a port without a line. */
export function snifferFor({ parts, state, field, flight, clock }: Joined): LineSniffer {
  return {
    lineOf(lineId): SniffedLine | undefined {
      const line = state.site.cabinet.lines.find(({ id }) => id === lineId);
      return line === undefined ? undefined : sniffedLineOf(line);
    },
    observe: (lineId, onEntry) => flight.memory.observe(lineId, onEntry),
    hush: (lineId, forMs) => field.bus.hush(lineId, forMs),
    listen: (request, onEntry) => listenOnPort({ openPort: parts.openPort, clock, lines: state.site.cabinet.lines }, request, onEntry),
  };
}
