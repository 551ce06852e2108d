import { changed } from '../small-street.ts';

/** A street with something of every kind of light: a road with a wave and traffic, a park with a curfew, an event, rules and outputs. */
export const LIT_STREET = `cabinet: { id: lit, name: Lit street, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }
lines:
  - id: north
    port: /dev/ttyUSB0
    devices:
      - { id: L01, unit: 1, profile: lamp, pole: P01 }
      - { id: L02, unit: 2, profile: lamp, pole: P02 }
      - { id: L03, unit: 3, profile: lamp, pole: Q01 }
      - { id: S01, unit: 21, profile: sensor, pole: P01 }
      - { id: S02, unit: 22, profile: sensor, pole: Q01 }
      - { id: LUX, unit: 31, profile: light }
      - { id: CNT, unit: 32, profile: counter }
      - { id: AIR, unit: 33, profile: air }
      - { id: IO1, unit: 41, profile: relays }
      - { id: PANEL, unit: 42, profile: panel }
poles:
  - { id: P01, atM: 0 }
  - { id: P02, atM: 30 }
  - { id: Q01, atM: 20, branch: lane }
branches:
  - { id: lane, from: P02 }
lamps:
  - { id: L01, ratedPowerW: 60 }
  - { id: L02, ratedPowerW: 60 }
  - { id: L03, ratedPowerW: 20 }
zones:
  - id: road
    lamps: [L01, L02]
    kind: street
    programme: evening
    calendar: weekly
    designClass: M3
    minClass: M6
    photocell: { device: LUX, onBelowLux: 30, offAboveLux: 60 }
    presence: { sensors: [{ device: S01 }], boostPct: 100, wave: { speedKmh: 25 } }
    traffic:
      counters: [{ device: CNT }]
      designFlowPerH: 400
      steps:
        - { belowPct: 25, class: M5 }
        - { belowPct: 50, class: M4 }
  - id: park
    lamps: [L03]
    kind: leisure
    programme: curfew
    dark: {}
    presence: { sensors: [{ device: S02 }], reachM: 40 }
programmes:
  - id: evening
    steps:
      - { at: dusk, levelPct: 100 }
      - { at: "23:00", class: M5 }
      - { at: middle-60, levelPct: 30, boostPct: 80 }
      - { at: "05:30", levelPct: 100 }
      - { at: dawn-20, levelPct: 60 }
  - id: curfew
    steps:
      - { at: dusk, levelPct: 80 }
      - { at: "00:30", levelPct: 0 }
  - id: market
    steps: [{ at: dusk, levelPct: 100 }]
calendars:
  - id: weekly
    rules:
      - { programme: market, weekdays: [fri, sat], from: 06-01, to: 09-15 }
      - { programme: market, nthWeekday: { nth: 1, weekday: sun } }
      - { programme: market, holidays: fr }
eventNights:
  - { id: bastille, date: 07-14, from: sunset+30, until: "02:00", zones: [road] }
rules:
  - { id: smog, point: AIR.pm25, above: 50, clearsAt: 40, forS: 600, raise: { zones: [park], levelPct: 60 } }
  - { id: someone, presenceIn: park }
  - { id: rush, trafficIn: road, flowPct: 80, clearsAt: 60 }
outputs:
  - { id: shop-windows, device: IO1, point: relay_1, litWith: { zones: [road] } }
  - { id: info, device: PANEL, point: text, idle: welcome, rules: [{ rule: smog, value: take care }, { rule: rush, value: 3 }] }
neighbours:
  - { node: next, pole: P01 }
uplink:
  broker: mqtt://127.0.0.1:1883
  group: Angers
`;

/** `LIT_STREET` with these replacements. Errors: as `changed`. */
export function litStreetYaml(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changed(LIT_STREET, changes);
}
