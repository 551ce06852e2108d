/** Passive listening: on a line of the cabinet while it is in service, and on a serial port that no line uses. */
import type { LineConfig, SerialSettings } from './cabinet.ts';
import { parseLinePort } from './line-port.ts';
import type { LineObserver, WireTap } from './wire-tap.ts';

/** How the bytes of a line form frames: Modbus RTU, Modbus TCP, or anything else (`raw`), which is split without being decoded. */
export type WireProtocol = 'rtu' | 'tcp' | 'raw';

/** How the bytes of a line are read: the protocol of its frames, and its settings. `serial`: null for a `tcp://` port, and if not known. */
export interface SniffedLine {
  readonly protocol: WireProtocol;
  readonly serial: SerialSettings | null;
  /** Its bytes arrive over a network: Modbus TCP, or a serial server. */
  readonly isNetwork: boolean;
}

/** Returns how the bytes of a line are read. `serial`: its configured settings; null if unknown. They are not used for a `tcp://` port. */
export function sniffedLineOf({
  kind,
  port,
  serial,
}: Pick<LineConfig, 'kind' | 'port'> & { readonly serial: SerialSettings | null }): SniffedLine {
  const { kind: portKind } = parseLinePort(port);
  const isTcp = portKind === 'tcp';
  return {
    protocol: kind !== 'modbus' ? 'raw' : isTcp ? 'tcp' : 'rtu',
    serial: isTcp ? null : serial,
    isNetwork: isTcp || portKind === 'rtu+tcp',
  };
}

/** Observes lines without sending, and can pause the polls of a line. */
export interface LineSniffer extends LineObserver {
  /** Undefined if the cabinet has no such line. */
  lineOf(lineId: string): SniffedLine | undefined;
  /**
   * Stops the polls of a line until the returned function is called or the time is over. The time must be 30 s at most, which is not
   * checked. Units: ms. Errors: throws Refusal, for example for a line without polls, or during or shortly after another pause.
   */
  hush(lineId: string, forMs: number): () => void;
  /**
   * Opens a serial port that no line uses, and listens without sending. Resolves with the function that closes it and restores its
   * settings. Errors: rejects, for example with Refusal for a terminal, or with BusError if it cannot be opened.
   */
  listen(request: { readonly path: string; readonly serial: SerialSettings }, onEntry: WireTap): Promise<() => Promise<void>>;
}
