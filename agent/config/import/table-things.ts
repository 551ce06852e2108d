import { type Message, msg } from '../../core/message.ts';
import type { ImportRow } from './import-table.ts';

/**
 * The values of one pole, device or lamp, from the rows that describe it, without its id, the line of a device and the zone of a lamp. The
 * pole of a device is that of its first row. `row`: the line of the first of these rows in the table.
 */
export interface TableThing {
  readonly row: number;
  readonly fields: Record<string, string | number>;
}

/** Records a mistake. `row`: the line of the table. `column`: the name of the column as in `ImportRow`; null if no single cell is wrong. */
export type ReportFlaw = (row: number, column: string | null, message: Message) => void;

type Fields = Readonly<Record<string, string | number | undefined>>;

/**
 * The poles, devices and lamps that the rows of a table describe, by id. A line, unit or profile in a row without a device is that of the
 * device with the id of the lamp. Errors: none; contradictions between rows and most missing ids are reported.
 */
export class TableThings {
  readonly poles = new Map<string, TableThing>();
  readonly devices = new Map<string, TableThing>();
  readonly lamps = new Map<string, TableThing>();
  /** The line of each device for which a row names one. */
  readonly lineOf = new Map<string, string>();
  /** The zone of each lamp for which a row names one. */
  readonly zoneOf = new Map<string, string>();
  readonly #report: ReportFlaw;

  constructor(report: ReportFlaw) {
    this.#report = report;
  }

  /** Adds what a row describes. */
  add({ line: row, texts, numbers }: ImportRow): void {
    const { pole, branch, lamp } = texts;
    if (pole === undefined && lamp === undefined && texts.device === undefined) this.#report(row, null, msg`names no pole, lamp or device`);
    else if (pole !== undefined) this.#addFields(this.poles, pole, row, { atM: numbers.atM, branch });
    else if (numbers.atM !== undefined || branch !== undefined)
      this.#report(row, 'pole', msg`a distance or branch is that of a pole: name the pole`);
    this.#addDevice(row, texts, numbers);
    this.#addLamp(row, texts, numbers);
  }

  #addDevice(row: number, texts: ImportRow['texts'], { unit }: ImportRow['numbers']): void {
    const { pole, line, profile } = texts;
    if (texts.device === undefined && unit === undefined && line === undefined && profile === undefined) return;
    const device = texts.device ?? texts.lamp;
    if (device === undefined) {
      this.#report(row, 'lamp', msg`a line, unit or profile is that of a device: name the lamp or device`);
      return;
    }
    // A device with several lamps is at the pole of the first of them.
    const isFirst = !this.devices.has(device);
    this.#addFields(this.devices, device, row, { unit, profile, pole: isFirst ? pole : undefined });
    if (line !== undefined) this.#place(this.lineOf, device, line, row);
  }

  #addLamp(row: number, texts: ImportRow['texts'], numbers: ImportRow['numbers']): void {
    const { pole, lamp, device, point, zone } = texts;
    const { ratedPowerW, minPct, maxPct } = numbers;
    if (lamp !== undefined) {
      const fields = { device: device === lamp ? undefined : device, point, pole, ratedPowerW, minPct, maxPct };
      this.#addFields(this.lamps, lamp, row, fields);
      if (zone !== undefined) this.#place(this.zoneOf, lamp, zone, row);
    } else if ([zone, point, ratedPowerW, minPct, maxPct].some((value) => value !== undefined))
      this.#report(row, 'lamp', msg`a zone, point, power, minimum or maximum is that of a lamp: name the lamp`);
  }

  #addFields(things: Map<string, TableThing>, id: string, row: number, fields: Fields): void {
    const known = things.get(id) ?? { row, fields: {} };
    things.set(id, known);
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const before = known.fields[key];
      if (before !== undefined && before !== value)
        this.#report(row, key, msg`${id} has ${key} ${before} in line ${known.row}, and ${value} here: write it once`);
      else known.fields[key] = value;
    }
  }

  #place(places: Map<string, string>, id: string, place: string, row: number): void {
    const before = places.get(id);
    if (before !== undefined && before !== place)
      this.#report(row, places === this.zoneOf ? 'zone' : 'line', msg`${id} is in ${before} too, further up: write it once`);
    places.set(id, place);
  }
}
