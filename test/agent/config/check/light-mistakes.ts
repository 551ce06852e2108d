import type { Mistake } from './mistakes.ts';

// biome-ignore format: a table
export const programmes: Mistake[] = [
  ['a night that begins at a clock time', [['{ at: dusk, levelPct: 80 }', '{ at: "20:00", levelPct: 80 }']], ['58:15: programmes[1].steps[0].at: found "20:00" first; the first step of a night is at dusk']],
  ['clock times out of order, a sun step between them', [['"05:30"', '"22:30"']], ['54:15: programmes[0].steps[3].at: "22:30" comes after "23:00"; write the steps in the order of the night, from noon to noon']],
  ['one sun event out of order with itself', [['dawn-20', 'middle-90']], ['55:15: programmes[0].steps[4].at: "middle-90" comes after "middle-60"; write the steps in the order of the night, from noon to noon']],
  ['a morning before the middle of the night', [['middle-60', 'dawn-20'], ['{ at: dawn-20, levelPct: 60 }', '{ at: middle-30, levelPct: 60 }']], ['55:15: programmes[0].steps[4].at: "middle-30" comes after "dawn-20"; write the steps in the order of the night, from noon to noon']],
  ['two steps at one sun event', [['dawn-20', 'middle-60']], ['55:15: programmes[0].steps[4].at: two steps at "middle-60"; keep one']],
  ['a step before the night', [['middle-60', 'dusk-10']], ['53:15: programmes[0].steps[2].at: "dusk-10" is before dusk, where the night begins; give the zone onOffsetMin to light it earlier']],
  ['an order that only the day of the year knows is not judged', [['middle-60', 'sunset+90']], []],
  ['a sunset step above a dusk step is not judged either', [['middle-60', 'sunset+20'], ['dawn-20', 'dusk+10']], []],
  ['a step without a level', [['{ at: "00:30", levelPct: 0 }', '{ at: "00:30" }']], ['59:9: programmes[1].steps[1]: this step has no level; write levelPct: 50, or class: M5 where the zone has a designClass']],
  ['a step with a level and a class', [['levelPct: 80 }', 'levelPct: 80, class: M4 }']], ['58:42: programmes[1].steps[0].class: found levelPct and class; keep one of the two']],
  ['a boost below its own step', [['levelPct: 30, boostPct: 80', 'levelPct: 30, boostPct: 20']], ['53:50: programmes[0].steps[2].boostPct: boostPct 20 is below levelPct 30 of this step; presence would never show: write 30 or more']],
  ['a boost at its own step is none, but no mistake', [['levelPct: 30, boostPct: 80', 'levelPct: 30, boostPct: 30']], []],
];

// biome-ignore format: a table
export const levels: Mistake[] = [
  ['classes in a zone that has none to count from', [['    designClass: M3\n    minClass: M6\n', '']], [`30:16: zones[0].programme: class M5 in programme "evening" needs the zone's designClass, the class that 100 % gives; write it, or levels in percent (the other is in line 50)`, `38:34: zones[0].traffic.steps[0].class: class M5 needs the zone's designClass, the class that 100 % gives; write it, or levels in percent`, `39:34: zones[0].traffic.steps[1].class: class M4 needs the zone's designClass, the class that 100 % gives; write it, or levels in percent`]],
  ['the same for its minimum alone', [['programme: curfew', 'programme: curfew\n    minClass: P4']], [`46:15: zones[1].minClass: class P4 needs the zone's designClass, the class that 100 % gives; write it, or levels in percent`]],
  ['classes of another family', [['designClass: M3', 'designClass: P2']], ['30:16: zones[0].programme: class M5 in programme "evening" is of another family than designClass P2; allowed: P2, P3, P4, P5, P6 (the other is in line 52)', '33:15: zones[0].minClass: class M6 is of another family than designClass P2; allowed: P2, P3, P4, P5, P6', '40:34: zones[0].traffic.steps[0].class: class M5 is of another family than designClass P2; allowed: P2, P3, P4, P5, P6', '41:34: zones[0].traffic.steps[1].class: class M4 is of another family than designClass P2; allowed: P2, P3, P4, P5, P6']],
  ['a class brighter than all the zone can give', [['"23:00", class: M5', '"23:00", class: M2']], ['30:16: zones[0].programme: class M2 in programme "evening" is brighter than designClass M3; allowed: M3, M4, M5, M6 (the other is in line 52)']],
  ['a class that comes by the calendar', [['programme: curfew\n', 'programme: curfew\n    calendar: weekly\n'], ['[{ at: dusk, levelPct: 100 }]', '[{ at: dusk, class: M4 }]']], [`46:15: zones[1].calendar: class M4 in programme "market" needs the zone's designClass, the class that 100 % gives; write it, or levels in percent (the other is in line 62)`]],
  ['a minimum brighter than full light', [['minClass: M6', 'minClass: M1']], ['33:15: zones[0].minClass: class M1 is brighter than designClass M3; allowed: M3, M4, M5, M6']],
  ['a boost below the minimum that a class makes', [['boostPct: 100, wave', 'boostPct: 20, wave']], [`35:55: zones[0].presence.boostPct: boostPct 20 is below the zone's minClass M6 (30 %); presence would never show`]],
  ['a lamp that cannot reach the class minimum', [['{ id: L01, ratedPowerW: 60 }', '{ id: L01, ratedPowerW: 60, maxPct: 25 }']], ['23:41: lamps[0].maxPct: maxPct 25 is below minClass M6 (30 %) of zone "road"; write maxPct 30 or more, or a lower minClass for the zone']],
  ['dark in a zone that may not go dark', [['    dark: {}\n', '']], ['45:16: zones[1].programme: programme "curfew" goes to 0 % at 00:30, but this zone may not go dark; give it dark: {} for a curfew with a warning first, or write a level above 0 (the other is in line 58)']],
  ['dark by the calendar', [['programme: market, holidays', 'programme: curfew, holidays']], ['31:15: zones[0].calendar: programme "curfew" goes to 0 % at 00:30, but this zone may not go dark; give it dark: {} for a curfew with a warning first, or write a level above 0 (the other is in line 59)']],
  ['dark by few vehicles', [['belowPct: 25, class: M5', 'belowPct: 25, levelPct: 0']], ['40:37: zones[0].traffic.steps[0].levelPct: found 0 %, but this zone may not go dark; give it dark: {} for a curfew with a warning first, or write a level above 0']],
  ['dark on an event night of all zones, of which one may', [['until: "02:00", zones: [road]', 'until: "02:00", levelPct: 0']], ['69:77: eventNights[0].levelPct: found 0 %, but zone "road" may not go dark; give it dark: {} for a curfew with a warning first, or write a level above 0 (the other is in line 27)']],
  ['dark on an event night where it may be', [['until: "02:00", zones: [road]', 'until: "02:00", levelPct: 0, zones: [park]']], []],
  ['a boost below all steps of the programme', [['reachM: 40', 'boostPct: 40'], ['{ at: "00:30", levelPct: 0 }', '{ at: "00:30", levelPct: 50 }']], ['47:55: zones[1].presence.boostPct: boostPct 40 is below every step of programme "curfew"; presence would never show: write more than 50 (the other is in line 56)']],
  ['the same where a step has its own boost', [['reachM: 40', 'boostPct: 40'], ['{ at: "00:30", levelPct: 0 }', '{ at: "00:30", levelPct: 50, boostPct: 60 }']], []],
];

// biome-ignore format: a table
export const zones: Mistake[] = [
  ['a negative photocell ratio', [['onBelowLux: 30, offAboveLux: 60', 'onBelowLux: 70, offAboveLux: 35']], ['34:60: zones[0].photocell.offAboveLux: offAboveLux 35 is not above onBelowLux 70: between 35 and 70 lx the zone would be lit and put out in turn; write offAboveLux 105']],
  ['a unity ratio against the usual other threshold', [['onBelowLux: 30, offAboveLux: 60', 'onBelowLux: 70']], ['34:43: zones[0].photocell.onBelowLux: offAboveLux 70 is not above onBelowLux 70: at 70 lx the zone would be lit and put out in turn; write offAboveLux 105']],
  ['an unknown photocell', [['device: LUX', 'device: LUY']], ['34:26: zones[0].photocell.device: unknown photocell device "LUY"; did you mean "LUX"?']],
  ['a wave from a sensor without a pole', [['sensor, pole: P01', 'sensor']], ['35:37: zones[0].presence.sensors[0].device: device "S01" has no pole, so no wave can start there; give it a pole, or leave wave out']],
  ['the same from one that is not heard itself', [['sensor, pole: P01', 'sensor'], ['{ device: S01 }', '{ device: S01, listen: group }']], []],
  ['the same where the whole section rises', [['sensor, pole: P01', 'sensor'], ['wave: { speedKmh: 25', 'wave: { mode: section, speedKmh: 25']], []],
  ['the same on a road, which rises as a section', [['sensor, pole: P01', 'sensor'], ['kind: street', 'kind: road']], []],
  ['a wave over poles without distances', [['P02, atM: 30', 'P02, atM: 0']], [`35:66: zones[0].presence.wave: all lamps of this zone stand at one distance, so light cannot run ahead of anyone; write the poles' distances as atM, or leave wave out`]],
  ['a wave of one lamp', [['reachM: 40', 'wave: {}']], ['47:51: zones[1].presence.wave: this zone has one lamp, so light cannot run ahead of anyone; leave wave out']],
  ['two lamps at one place, a third on a side street', [['P02, atM: 30', 'P02, atM: 0'], ['lamps: [L01, L02]', 'lamps: [L01, L02, L03]'], ['lamps: [L03]', 'lamps: [L04]'], ['  - { id: L03, ratedPowerW: 20 }', '  - { id: L03, ratedPowerW: 20 }\n  - { id: L04, device: L03, point: level2, ratedPowerW: 20 }']], []],
  ['reach from a sensor without a pole', [['sensor, pole: Q01', 'sensor']], ['47:37: zones[1].presence.sensors[0].device: device "S02" has no pole, so reachM cannot be measured from it; give it a pole or leave reachM out']],
  ['traffic steps that do not rise', [['belowPct: 50', 'belowPct: 25']], ['41:23: zones[0].traffic.steps[1].belowPct: belowPct 25 does not rise above 25 of the step before; write the steps from the lowest share to the highest']],
  ['less light for more vehicles', [['belowPct: 50, class: M4', 'belowPct: 50, levelPct: 40']], ['41:37: zones[0].traffic.steps[1].levelPct: 40 % is less than 50 % of the step before, so more traffic would have less light; write 50 % or more']],
  ['a traffic step without a level', [['belowPct: 50, class: M4', 'belowPct: 50']], ['41:11: zones[0].traffic.steps[1]: this step has no level; write levelPct: 50, or class: M5 where the zone has a designClass']],
  ['a raise that ends before the sensor counts as stuck', [['reachM: 40', 'maxBoostS: 3600']], ['47:56: zones[1].presence.maxBoostS: maxBoostS 3600 ends before stuckS 14400: people who stay would have no light, though no sensor counts as stuck; write 14400 or more, or leave it out']],
  ['the same beside a longer patience of one sensor', [['{ device: S01 }', '{ device: S01, stuckS: 7200 }'], ['boostPct: 100, wave', 'maxBoostS: 3600, wave']], ['35:70: zones[0].presence.maxBoostS: maxBoostS 3600 ends before stuckS 7200: people who stay would have no light, though no sensor counts as stuck; write 7200 or more, or leave it out']],
  ['a counter has no patience, and one that follows the others needs none', [['{ device: S01 }', '{ device: S01, kind: counter }, { device: S02, listen: group }'], ['boostPct: 100, wave', 'maxBoostS: 60, wave']], []],
  ['a raise as long as the patience', [['reachM: 40', 'maxBoostS: 14400']], []],
  ['an unknown counter', [['device: CNT', 'device: CNX']], ['37:28: zones[0].traffic.counters[0].device: unknown counting device "CNX"; did you mean "CNT"?']],
];

// biome-ignore format: a table
export const streets: Mistake[] = [
  ['a pole on an unknown branch', [['branch: lane', 'branch: line']], ['19:33: poles[2].branch: unknown branch "line"; did you mean "lane"?']],
  ['a branch from a pole on itself', [['from: P02', 'from: Q01']], ['21:23: branches[0].from: pole "Q01" is on branch "lane" itself; write the pole of the street from which the branch leaves']],
  ['a branch from an unknown pole', [['from: P02', 'from: P03']], ['21:23: branches[0].from: unknown pole "P03"; did you mean "P01"?']],
  ['branches that leave from each other, and one behind them', [['from: P02 }', 'from: R01 }\n  - { id: yard, from: Q01 }\n  - { id: back, from: R01 }'], ['  - { id: Q01', '  - { id: R01, atM: 5, branch: yard }\n  - { id: Q01']], ['22:23: branches[0].from: branches "lane" and "yard" leave from each other; let one of them leave from a pole of the main street']],
  ['two branches of one id', [['from: P02 }', 'from: P02 }\n  - { id: lane, from: P01 }']], ['22:11: branches[1].id: there are two branches "lane" (the other is in line 21)']],
  ['a neighbour at an unknown pole', [['pole: P01 }\nuplink', 'pole: P09 }\nuplink']], ['78:25: neighbours[0].pole: unknown pole "P09"; did you mean "P01"?']],
  ['a neighbour that is the cabinet itself', [['node: next', 'node: lit']], ['78:13: neighbours[0].node: "lit" is this cabinet itself; write the edge node of the other one']],
  ['a neighbour without an uplink', [['uplink:\n  broker: mqtt://127.0.0.1:1883\n  group: Angers\n', '']], ['78:3: neighbours: neighbours are reached through the uplink, and there is none; write uplink, or leave neighbours out']],
];

// biome-ignore format: a table
export const calendars: Mistake[] = [
  ['an unknown calendar', [['calendar: weekly', 'calendar: weekley']], ['31:15: zones[0].calendar: unknown calendar "weekley"; did you mean "weekly"?']],
  ['a rule for an unknown programme', [['programme: market, holidays', 'programme: marked, holidays']], ['67:22: calendars[0].rules[2].programme: unknown programme "marked"; did you mean "market"?']],
  ['a span whose end alone has a year', [['to: 09-15', 'to: 2026-09-15']], ['65:69: calendars[0].rules[0].to: "2026-09-15" has a year, from "06-01" has none; write it in both, or in neither for each year']],
  ['a span whose start alone has a year', [['from: 06-01', 'from: 2026-06-01']], ['65:74: calendars[0].rules[0].to: "09-15" has no year, from "2026-06-01" has one; write it in both, or in neither for each year']],
  ['a span that ends before it begins', [['from: 06-01, to: 09-15', 'from: 2026-06-01, to: 2026-05-15']], ['65:74: calendars[0].rules[0].to: "2026-05-15" is before from "2026-06-01"; no night would fit']],
  ['the same each year runs over its end', [['from: 06-01, to: 09-15', 'from: 12-20, to: 01-05']], []],
  ['a date that no year has', [['to: 09-15', 'to: 02-30']], ['65:69: calendars[0].rules[0].to: there is no 02-30; the last day of that month is 02-29']],
  ['a date of leap years', [['to: 09-15', 'to: 02-29']], []],
  ['a date that its year does not have', [['from: 06-01, to: 09-15', 'to: 2027-02-29']], ['65:56: calendars[0].rules[0].to: there is no 2027-02-29; the last day of that month is 2027-02-28']],
  ['rules behind one without conditions', [['      - { programme: market, nth', '      - { programme: evening }\n      - { programme: market, nth']], ['67:9: calendars[0].rules[2]: this rule is never reached: a rule without conditions is above it; put this one first (the other is in line 66)', '68:9: calendars[0].rules[3]: this rule is never reached: a rule without conditions is above it; put this one first (the other is in line 66)']],
  ['a rule behind a wider one', [['      - { programme: market, nth', '      - { programme: evening, weekdays: [fri], from: 06-01, to: 09-15 }\n      - { programme: market, nth']], ['66:9: calendars[0].rules[1]: this rule is never reached: a rule above takes all its nights; put this one first (the other is in line 65)']],
  ['a rule behind one that leaves it nights', [['      - { programme: market, nth', '      - { programme: evening, weekdays: [fri], from: 06-01 }\n      - { programme: market, nth']], []],
  ['a nth Sunday among Mondays', [['nthWeekday: { nth: 1, weekday: sun }', 'nthWeekday: { nth: 1, weekday: sun }, weekdays: [mon]']], ['66:61: calendars[0].rules[1].nthWeekday.weekday: the weekdays of this rule leave sun out, so no night would fit; leave weekdays out']],
  ['two calendars of one id', [['eventNights:', '  - { id: weekly, rules: [{ programme: market }] }\neventNights:']], ['68:11: calendars[1].id: there are two calendars "weekly" (the other is in line 63)']],
  ['holidays of an unknown list', [['holidays: fr }', 'holidays: de }']], ['67:40: calendars[0].rules[2].holidays: unknown list of holidays "de"; there are: fr, fr-alsace-moselle']],
  ['eves of nothing', [['holidays: fr }', 'eves: only }']], ['67:36: calendars[0].rules[2].eves: eves needs holidays beside it: the days before which it applies']],
  ['a list with the name of a built-in one', [['eventNights:', 'holidays: [{ id: fr, days: [01-06] }]\neventNights:']], ['68:18: holidays[0].id: "fr" is built in; give your list another id']],
  ['a holiday on no day', [['eventNights:', 'holidays: [{ id: own, days: [2027-02-29, 02-29, easter-2] }]\neventNights:']], ['68:30: holidays[0].days[0]: there is no 2027-02-29; the last day of that month is 2027-02-28']],
  ['a rule below one with the eves as well', [['holidays: fr }', 'holidays: fr, eves: also }\n      - { programme: market, holidays: fr, eves: only }']], ['68:9: calendars[0].rules[3]: this rule is never reached: a rule above takes all its nights; put this one first (the other is in line 67)']],
  ['the eves below their holidays are other nights', [['holidays: fr }', 'holidays: fr }\n      - { programme: market, holidays: fr, eves: only }']], []],
  ['a season on no day', [['    dark: {}', '    dark: {}\n    seasons: [{ from: 11-31, to: 02-01 }]']], ['47:23: zones[1].seasons[0].from: there is no 11-31; the last day of that month is 11-30']],
  ['an event on no day', [['date: 07-14', 'date: 2026-06-31']], ['69:27: eventNights[0].date: there is no 2026-06-31; the last day of that month is 2026-06-30']],
  ['an event that ends before it begins', [['from: sunset+30', 'from: "03:00"']], ['69:56: eventNights[0].until: "02:00" is before from "03:00"; write an end after it: a night runs from noon to noon']],
  ['an event that ends when it begins', [['from: sunset+30, until: "02:00"', 'until: dusk']], ['69:41: eventNights[0].until: "dusk" is also when it begins; write an end after it: a night runs from noon to noon']],
  ['an event in an unknown zone', [['zones: [road] }\nrules', 'zones: [raod] }\nrules']], ['69:75: eventNights[0].zones[0]: unknown zone "raod"; did you mean "road"?']],
  ['two events of one id', [['zones: [road] }\nrules', 'zones: [road] }\n  - { id: bastille, date: 12-31, until: "03:00" }\nrules']], ['70:11: eventNights[1].id: there are two event nights "bastille" (the other is in line 69)']],
  ['a day in French, a date the other way round', [['fri, sat', 'fri, samedi'], ['date: 07-14', 'date: 14/07']], ['65:46: calendars[0].rules[0].weekdays[1]: found "samedi"; allowed: mon, tue, wed, thu, fri, sat or sun', '69:27: eventNights[0].date: found "14/07"; allowed: a date, "2026-07-14", or of each year, "07-14"']],
];

// biome-ignore format: a table
export const rules: Mistake[] = [
  ['a rule that looks at nothing', [['presenceIn: park', 'forS: 10']], ['72:5: rules[1]: this rule has no condition; write point (a measured value), presenceIn or trafficIn (a zone)']],
  ['a rule that looks at three things', [['presenceIn: park', 'presenceIn: park, point: AIR.pm25, trafficIn: road']], ['72:32: rules[1].presenceIn: found point, presenceIn, trafficIn; a rule has one of them, write a rule for each']],
  ['a rule without a threshold', [['above: 50, clearsAt: 40, ', 'clearsAt: 40, ']], ['71:5: rules[0]: this rule has no threshold; write above or below']],
  ['a rule with two', [['above: 50', 'above: 50, below: 10']], ['71:52: rules[0].below: found above and below; a rule has one, write two rules']],
  ['a rule without hysteresis', [['above: 50, clearsAt: 40', 'above: 50']], ['71:5: rules[0]: this rule has no hysteresis; write clearsAt, the value at which the rule ends, below 50; 40, for example']],
  ['a rule that clears at its threshold', [['clearsAt: 40', 'clearsAt: 50']], ['71:55: rules[0].clearsAt: clearsAt 50 is not below 50, so the rule would switch on and off with each reading; write a value below it; 40, for example']],
  ['a rule for low values that clears below', [['above: 50, clearsAt: 40', 'below: 5, clearsAt: 4']], ['71:54: rules[0].clearsAt: clearsAt 4 is not above 5, so the rule would switch on and off with each reading; write a value above it; 6.25, for example']],
  ['the same around zero, where no share can be named', [['above: 50, clearsAt: 40', 'below: -5']], ['71:5: rules[0]: this rule has no hysteresis; write clearsAt, the value at which the rule ends, above -5']],
  ['a traffic rule without hysteresis', [['flowPct: 80, clearsAt: 60', 'flowPct: 80']], ['73:5: rules[2]: this rule has no hysteresis; write clearsAt, the value at which the rule ends, below flowPct 80; 64, for example']],
  ['a traffic rule that clears above', [['flowPct: 80, clearsAt: 60', 'flowPct: 80, clearsAt: 90']], ['73:57: rules[2].clearsAt: clearsAt 90 is not below flowPct 80, so the rule would switch on and off with each reading; write a value below it; 64, for example']],
  ['a traffic rule without a flow', [['flowPct: 80, clearsAt: 60', 'clearsAt: 60']], ['73:5: rules[2]: this rule has no threshold; write flowPct, the share of the design flow in percent']],
  ['what presence does not heed', [['presenceIn: park', 'presenceIn: park, clearsAt: 4, forS: 5']], ['72:48: rules[1].clearsAt: has no effect with presenceIn; leave it out', '72:57: rules[1].forS: has no effect with presenceIn; leave it out']],
  ['a point of an unknown device', [['AIR.pm25', 'AIRE.pm25']], ['71:24: rules[0].point: unknown device "AIRE"; did you mean "AIR"?']],
  ['an unknown zone', [['presenceIn: park', 'presenceIn: parc']], ['72:32: rules[1].presenceIn: unknown zone "parc"; did you mean "park"?']],
  ['a zone without sensors', [['    presence: { sensors: [{ device: S02 }], reachM: 40 }\n', '']], ['71:32: rules[1].presenceIn: zone "park" has no presence, so this rule would never apply; add presence to it']],
  ['a zone that counts nothing', [['trafficIn: road', 'trafficIn: park']], ['73:28: rules[2].trafficIn: zone "park" has no traffic, so this rule would never apply; add traffic to it']],
  ['an unknown zone to raise', [['raise: { zones: [park]', 'raise: { zones: [parc]']], ['71:87: rules[0].raise.zones[0]: unknown zone "parc"; did you mean "park"?']],
  ['a raise that never shows', [['levelPct: 60 } }', 'levelPct: 10 } }']], ['71:104: rules[0].raise.levelPct: 10 % does not lie above minPct 10 of zone "park", so it would have no effect; write more than 10']],
  ['an unknown zone to lower', [['raise: { zones: [park]', 'lower: { zones: [parc]']], ['71:87: rules[0].lower.zones[0]: unknown zone "parc"; did you mean "park"?']],
  ['a lower level below the minimum', [['raise: { zones: [park], levelPct: 60', 'lower: { zones: [park], levelPct: 5']], ['71:104: rules[0].lower.levelPct: 5 % lies below minPct 10 of zone "park", which stays lit at its minimum; write 10 or more']],
  ['less light where someone is', [['presenceIn: park', 'presenceIn: park, lower: { zones: [park], levelPct: 20 }']], ['72:45: rules[1].lower: only a measured point may lower the light; write point, or leave lower out']],
  ['more and less light at once', [['raise: { zones: [park], levelPct: 60 }', 'raise: { zones: [park], levelPct: 60 }, lower: { zones: [park], levelPct: 20 }']], ['71:126: rules[0].lower.zones: this rule raises and lowers zone "park"; write one of both']],
  ['two rules of one id', [['id: someone', 'id: smog']], ['72:11: rules[1].id: there are two rules "smog" (the other is in line 71)']],
];

// biome-ignore format: a table
export const outputs: Mistake[] = [
  ['an output on an unknown device', [['device: IO1', 'device: IO2']], ['75:33: outputs[0].device: unknown device "IO2"; did you mean "IO1"?']],
  ['an output that follows an unknown rule', [['rule: rush, value: 3', 'rule: rash, value: 3']], ['76:110: outputs[1].rules[1].rule: unknown rule "rash"; did you mean "rush"?']],
  ['an output that follows an unknown zone', [['litWith: { zones: [road] }', 'litWith: { zones: [raod] }']], ['75:73: outputs[0].litWith.zones[0]: unknown zone "raod"; did you mean "road"?']],
  ['an output that follows nothing', [[', litWith: { zones: [road] }', '']], ['75:5: outputs[0]: this output follows nothing; write litWith for zones, or rules']],
  ['a value that is idle as well', [['litWith: { zones: [road] }', 'litWith: { zones: [road], value: 0 }']], ['75:87: outputs[0].litWith.value: 0 is also the idle value, so nothing would change; write another, or another idle']],
  ['the same where the usual value is meant', [['relay_1,', 'relay_1, idle: 1,']], ['75:72: outputs[0].litWith.value: 1 is also the idle value, so nothing would change; write another, or another idle']],
  ['a rule twice', [['rule: rush, value: 3', 'rule: smog, value: 3']], ['76:110: outputs[1].rules[1].rule: rule "smog" is listed twice; only the first would count (the other is in line 76)']],
  ['a contactor without rest', [['litWith: { zones: [road] }', 'litWith: { zones: [road] }, minOnS: 0, minOffS: 0']], ['75:90: outputs[0].minOnS: found 0; a circuit that follows lamps needs a rest: write 60, or leave it out', '75:102: outputs[0].minOffS: found 0; a circuit that follows lamps needs a rest: write 60, or leave it out']],
  ['a contactor whose zone may go dark and is lit by presence', [['litWith: { zones: [road] }', 'litWith: { zones: [road, park] }']], ['75:79: outputs[0].litWith.zones[1]: zone "park" may go dark and presence lights it: its circuit would open behind each passer-by and close late for the next; leave the zone out of litWith, or give it no dark (the other is in line 42)']],
  ['a contactor of a zone with a curfew alone', [['litWith: { zones: [road] }', 'litWith: { zones: [park] }'], ['    presence: { sensors: [{ device: S02 }], reachM: 40 }\n', ''], ['  - { id: someone, presenceIn: park }\n', '']], []],
  [`a lamp's own point`, [['device: IO1, point: relay_1', 'device: L01, point: level']], ['75:45: outputs[0].point: "L01.level" drives a lamp; a lamp follows its zone, not an output (the other is in line 23)']],
  ['two outputs on one point', [['device: PANEL, point: text, idle: welcome', 'device: IO1, point: relay_1']], ['76:37: outputs[1].point: "IO1.relay_1" already belongs to another output; give one output both their rules (the other is in line 75)']],
  ['a list for a value', [['value: 3', 'value: [3]']], ['76:123: outputs[1].rules[1].value: found a list; allowed: a number or text of 1 to 64 characters']],
  ['two outputs of one id', [['id: info', 'id: shop-windows']], ['76:11: outputs[1].id: there are two outputs "shop-windows" (the other is in line 75)']],
];
