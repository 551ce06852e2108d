import type { Cabinet } from '../../core/cabinet.ts';
import type { RunOptions } from '../../core/run-options.ts';

/**
 * Returns the cabinet with these options of the command line in place of its values; `socketPath` is not among them. A null option keeps
 * the value of the cabinet. `broker` has no effect on a cabinet without an uplink, `ports` none for a line that it does not have.
 */
export function withOptions(cabinet: Cabinet, { ports, broker, dataDir, noUplink }: RunOptions): Cabinet {
  const portOf = new Map(Object.entries(ports));
  const uplink = cabinet.uplink === null || broker === null ? cabinet.uplink : { ...cabinet.uplink, broker };
  return {
    ...cabinet,
    lines: cabinet.lines.map((line) => ({ ...line, port: portOf.get(line.id) ?? line.port })),
    uplink: noUplink ? null : uplink,
    store: dataDir === null ? cabinet.store : { ...cabinet.store, dir: dataDir },
  };
}
