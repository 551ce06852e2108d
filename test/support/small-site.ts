/** A site file with four lamps on one line, for tests that change the configuration of a lit street. */
export const SMALL_SITE = `# The street of the tests.
cabinet: { id: demo, name: Rue des Lucioles, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }
lines:
  - id: north
    port: demo/north
    serial: { baud: 19200, stopBits: 2 }
    devices:
      - { id: L01, unit: 1, profile: wirenboard-wb-led, pole: P01 }
      - { id: L02, unit: 2, profile: wirenboard-wb-led, pole: P02 }
      - { id: L03, unit: 3, profile: wirenboard-wb-led, pole: P03 }
      - { id: L04, unit: 4, profile: wirenboard-wb-led, pole: P04 }
      - { id: S01, unit: 21, profile: wirenboard-wb-msw, pole: P02 }
poles: [{ id: P01, atM: 0 }, { id: P02, atM: 25 }, { id: P03, atM: 50 }, { id: P04, atM: 75 }]
lamps:
  - { id: L01, ratedPowerW: 60, minPct: 10 }
  - { id: L02, ratedPowerW: 60, minPct: 10 }
  - { id: L03, ratedPowerW: 60, minPct: 10 }
  - { id: L04, ratedPowerW: 60, minPct: 10 }
zones:
  - id: rue
    lamps: [L01, L02, L03, L04]
    programme: residential
    minPct: 10
    presence:
      { holdS: 15, rampDownS: 5, reachM: 40, sensors: [{ device: S01, threshold: 50, ownHoldS: 5 }] }
programmes:
  - id: residential
    steps:
      - { at: dusk, levelPct: 100 }
      - { at: "23:00", levelPct: 30 } # the night
      - { at: "06:00", levelPct: 100 }
uplink:
  broker: mqtt://127.0.0.1:1883
  protocol: 3.1.1
  group: Demo
  birthJitterS: 0
`;
