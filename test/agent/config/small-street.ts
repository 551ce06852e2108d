/** The text of a small site that every check of the configuration concerns: two lines, two zones, presence, uplink. */
export const SMALL_STREET = `cabinet: { id: test, name: Test street, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }
lines:
  - id: north
    port: /dev/ttyUSB0
    devices:
      - { id: L01, unit: 1, profile: wirenboard-wb-led, pole: P01 }
      - { id: L02, unit: 2, profile: wirenboard-wb-led, pole: P02 }
      - { id: S01, unit: 21, profile: wirenboard-wb-msw, pole: P01 }
      - { id: M01, unit: 31, profile: eastron-sdm630 }
  - id: air
    kind: uart
    port: /dev/ttyUSB1
    devices:
      - { id: AIR1, profile: nova-sds011 }
poles:
  - { id: P01, atM: 0 }
  - { id: P02, atM: 25 }
lamps:
  - { id: L01, ratedPowerW: 60 }
  - { id: L02, ratedPowerW: 60, minPct: 10 }
zones:
  - id: rue
    lamps: [L01]
    programme: residential
    presence: { sensors: [{ device: S01 }], reachM: 40 }
  - id: place
    lamps: [L02]
    programme: residential
programmes:
  - id: residential
    steps:
      - { at: dusk, levelPct: 100 }
      - { at: "23:00", levelPct: 30 }
      - { at: "06:00", levelPct: 100 }
uplink:
  broker: mqtt://127.0.0.1:1883
  group: Angers
`;

/** `SMALL_STREET` with these replacements. Errors: as `changed`. */
export function smallStreet(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changed(SMALL_STREET, changes);
}

/** Replaces the first occurrence of each `from`, one after the other. Errors: throws RangeError if there is none. */
export function changed(street: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new RangeError(`the street has no ${JSON.stringify(from)}`);
    return text.replace(from, () => to);
  }, street);
}
