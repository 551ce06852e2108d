/** The text of a site with one square: a player, a relay box with the amplifier, a lamp on another relay-free line. */
import { cabinetIn } from '../../../agent/config/load/load.ts';
import type { Cabinet } from '../../../agent/core/cabinet.ts';
import type { SoundConfig } from '../../../agent/core/sound-config.ts';
import { changed } from '../config/small-street.ts';

export const SQUARE = `cabinet: { id: test, name: SoundSquare, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }
lines:
  - id: north
    port: /dev/ttyUSB0
    devices:
      - { id: IO1, unit: 3, profile: waveshare-modbus-relay-d8 }
  - id: sound
    kind: uart
    port: /dev/ttyUSB1
    devices:
      - { id: PLAYER, profile: dfrobot-dfplayer-mini }
poles: []
lamps: []
zones: []
programmes: []
sound:
  limits:
    maxVolumePct: 60
    emergencyVolumePct: 90
    announcementsPerH: 3
    emergencyBy: [technician, platform]
    quietHours: [{ from: "22:00", until: "08:00" }, { from: "12:00", until: "14:00", weekdays: [sun] }]
  tracks:
    - { id: birds, track: 1 }
    - { id: water, track: 2 }
    - { id: closing, track: 3, maxS: 30 }
    - { id: welcome, folder: 2, file: 5, maxS: 40 }
    - { id: gong, track: 5, maxS: 10 }
    - { id: lost, track: 77 }
  programmes:
    - id: market
      steps:
        - { at: "09:00", play: [birds, water] }
        - { at: dusk, play: [water] }
        - { at: "21:30" }
    - { id: still, steps: [{ at: "00:00" }] }
  calendars:
    - { id: week, rules: [{ programme: still, weekdays: [mon] }] }
  places:
    - id: square-sound
      player: PLAYER
      amplifiers: [{ device: IO1, point: relay_3 }]
      warmUpS: 3
      offDelayS: 20
      volumes: [{ at: "08:00", volumePct: 50 }, { at: "20:00", volumePct: 30 }]
      programme: market
      calendar: week
      announcements: [{ id: closing-time, play: closing, at: ["21:15"] }]
`;

/** The site with these replacements. Errors: throws RangeError for one that does not occur, or gives no cabinet. */
export function squareCabinet(...changes: readonly (readonly [from: string, to: string])[]): Cabinet & { readonly sound: SoundConfig } {
  const cabinet = cabinetIn(changed(SQUARE, changes));
  if (cabinet?.sound == null) throw new RangeError('no cabinet with sound');
  return { ...cabinet, sound: cabinet.sound };
}
