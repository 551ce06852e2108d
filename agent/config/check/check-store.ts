/**
 * Checks that the readings of a cabinet fit through the store's memory, and that delivery is proven where brokers can be cut off. Only for `luciole
 * check`: a running agent stores what fits, records the rest as gaps, and lights the street. Pure.
 */

import { isAbsolute } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { type Message, msg } from '../../core/message.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { Profile } from '../../core/profile.ts';
import { MAX_WAITING_READINGS } from '../../core/store-port.ts';
import type { LoadedCabinet } from '../load/load.ts';
import { STORE_DIR } from '../schema/schema.ts';
import type { Path } from './finding.ts';

/**
 * The findings of `checkStore`; none prevents a run. `problems`: readings would be lost. `warnings`: settings without effect or with a
 * risk.
 */
export interface StoreFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Number of readings after which memory is written, whatever the value of `commitSeconds`. */
const EARLY_READINGS = MAX_WAITING_READINGS / 2;
/** Most readings per second: the same number arrives while they are written. Units: readings/s. */
const MOST_PER_S = EARLY_READINGS;

/**
 * Returns findings about the store and the delivery of its readings, for example if the points bring more than it can write even while
 * their values do not change.
 * Units: `periodsMs` is the poll period by poll class, in ms.
 */
export function checkStore(
  { file, cabinet, named }: LoadedCabinet,
  profiles: ReadonlyMap<string, Profile>,
  periodsMs: Readonly<Record<string, number>>,
): StoreFindings {
  const say = (path: Path, message: Message): Problem => ({ file, ...named(path), message });
  const points = cabinet.lines
    .flatMap(({ devices }) => devices)
    .flatMap(({ profile: id, instances }) => {
      const profile = profiles.get(id);
      return profile === undefined ? [] : narrowed(profile, instances).points.filter(({ poll }) => poll !== 'never');
    });
  const ratePerS = (heartbeatS: number): number =>
    points.reduce((sum, { poll }) => sum + 1 / Math.max(heartbeatS, (periodsMs[poll] ?? 0) / 1_000), 0);
  const { heartbeatS, commitSeconds } = cabinet.store;
  const least = ratePerS(heartbeatS);
  const warnings = [...proofWarnings(cabinet.uplink, say), ...dirWarnings(cabinet, say)];
  if (least > MOST_PER_S) {
    let fitsS = heartbeatS;
    while (ratePerS(fitsS) > MOST_PER_S) fitsS += 1;
    const found = msg`${points.length} points bring at least ${Math.ceil(least)} readings/s, the store takes ${MOST_PER_S}`;
    return { problems: [say(['store', 'heartbeatS'], msg`${found}; give heartbeatS: ${fitsS} or more`)], warnings };
  }
  const writtenS = Math.max(1, Math.floor(EARLY_READINGS / least));
  if (writtenS >= commitSeconds) return { problems: [], warnings };
  const found = msg`${points.length} points bring at least ${Math.ceil(least)} readings/s, so that memory is written every ${writtenS} s`;
  return {
    problems: [],
    warnings: [...warnings, say(['store', 'commitSeconds'], msg`${found}; more than commitSeconds: ${writtenS} has no effect`)],
  };
}

function proofWarnings(uplink: LoadedCabinet['cabinet']['uplink'], say: (path: Path, message: Message) => Problem): Problem[] {
  if (uplink === null || uplink.proof === 'platform') return [];
  if (uplink.otherBrokers.length === 0 && uplink.primaryHost === null) return [];
  const found = msg`${uplink.proof}: a broker that is cut off from the platform confirms readings that the platform never gets`;
  return [say(['uplink', 'proof'], msg`${found}; leave it out where the platform writes Sync/Ack`)];
}

/** No warning for a street of the demo: its ports are names, and it runs where it is started. */
function dirWarnings({ store, lines }: LoadedCabinet['cabinet'], say: (path: Path, message: Message) => Problem): Problem[] {
  const isDemo = lines.every(({ port }) => parseLinePort(port).kind === 'serial' && !isAbsolute(port));
  if (isAbsolute(store.dir) || isDemo) return [];
  const found = msg`${store.dir} is relative: the service and a command in a shell would use different folders`;
  return [say(['store', 'dir'], msg`${found}; write the whole path, as ${STORE_DIR}`)];
}
