/** The parts of a running city, as the phases use them. */
import type { Mosquitto } from '../../test/platform/mosquitto.ts';
import type { BenchResult } from '../result.ts';
import type { CityHost } from './city-host.ts';
import type { CityPlace } from './city-site.ts';
import type { RunningFleet } from './fleet.ts';
import type { CityOptions } from './options.ts';

/** What a phase works on. */
export interface City {
  readonly options: CityOptions;
  readonly broker: Mosquitto;
  readonly host: CityHost;
  readonly place: CityPlace;
  /** For files of this run. */
  readonly folder: string;
  /** Null before the first phase. */
  fleet: RunningFleet | null;
  /** Starts `count` agents instead of those that run; an equal fleet continues. */
  openFleet(count: number): Promise<RunningFleet>;
  readonly emit: (metric: string, value: number, unit: string, more?: Partial<BenchResult>) => void;
  readonly progress: (text: string) => void;
}
