/** Every key of `cabinet.yaml` that platform and console may set; with the site-owned ones these are all there are. */
export const PLATFORM_OWNED: readonly string[] = `
  cabinet.name cabinet.startQuietS
  lines[].id lines[].kind lines[].serial.baud lines[].serial.parity lines[].serial.stopBits lines[].serial.dataBits
  lines[].rs485.rtsHighOnSend lines[].rs485.delayBeforeSendMs lines[].rs485.delayAfterSendMs lines[].rs485.receiveDuringSend
  lines[].broadcast lines[].maxWritesPerS lines[].devices[].id lines[].devices[].unit lines[].devices[].profile
  lines[].devices[].pole lines[].devices[].roles lines[].devices[].contactZones lines[].devices[].instances lines[].devices[].groups
  lines[].devices[].quirks.responseTimeoutMs lines[].devices[].quirks.minGapMs lines[].devices[].quirks.retries
  poles[].id poles[].atM poles[].branch
  branches[].id branches[].from
  lamps[].id lamps[].device lamps[].point lamps[].pole lamps[].ratedPowerW lamps[].minPct lamps[].maxPct lamps[].burned.hours lamps[].burned.on
  lamps[].ulrNominalPct lamps[].ulrInstalledPct lamps[].fluxCode3Pct lamps[].colourTemperatureK lamps[].sourceFluxLm
  lamps[].headInstalledOn lamps[].sourceType lamps[].structure lamps[].support lamps[].usage lamps[].manufacturer
  lamps[].model lamps[].lightHeightM
  energy.currency energy.prices[].from energy.prices[].tariff energy.prices[].perKwh energy.co2Factors[].from
  energy.co2Factors[].gramsPerKwh energy.co2Factors[].source
  zones[].litAreas[].areaM2 zones[].litAreas[].illuminanceLux
  zones[].id zones[].lamps zones[].kind zones[].programme zones[].calendar zones[].minPct zones[].designClass zones[].minClass
  zones[].sunBelowDeg zones[].onOffsetMin zones[].offOffsetMin zones[].seasons[].from zones[].seasons[].to
  zones[].seasons[].onOffsetMin zones[].seasons[].offOffsetMin zones[].photocell.device zones[].photocell.point
  zones[].photocell.onBelowLux zones[].photocell.offAboveLux zones[].photocell.dwellS zones[].photocell.windowMin
  zones[].photocell.staleS zones[].photocell.seesOwnLight zones[].dark.warnPct zones[].dark.warnS
  zones[].presence.sensors[].device zones[].presence.sensors[].point zones[].presence.sensors[].kind
  zones[].presence.sensors[].threshold zones[].presence.sensors[].ownHoldS zones[].presence.sensors[].minPulseS
  zones[].presence.sensors[].offDelayS zones[].presence.sensors[].blankS zones[].presence.sensors[].stuckS
  zones[].presence.sensors[].maxPerH
  zones[].presence.sensors[].listen zones[].presence.boostPct zones[].presence.holdS zones[].presence.rampUpS
  zones[].presence.rampDownS zones[].presence.reachM zones[].presence.maxBoostS zones[].presence.wave.mode
  zones[].presence.wave.speedKmh zones[].presence.wave.lookAheadS zones[].presence.wave.leastAheadM zones[].presence.wave.behindM
  zones[].presence.relayedPct zones[].presence.alsoLamps zones[].traffic.counters[].device zones[].traffic.counters[].point zones[].traffic.designFlowPerH
  zones[].traffic.steps[].belowPct zones[].traffic.steps[].levelPct zones[].traffic.steps[].class zones[].baseline.levelPct
  zones[].baseline.lampPowerW zones[].constantLight.newPct zones[].constantLight.fullAtH
  programmes[].id programmes[].steps[].at programmes[].steps[].levelPct programmes[].steps[].class programmes[].steps[].boostPct
  calendars[].id calendars[].rules[].programme calendars[].rules[].weekdays calendars[].rules[].from calendars[].rules[].to
  calendars[].rules[].nthWeekday.nth calendars[].rules[].nthWeekday.weekday calendars[].rules[].holidays calendars[].rules[].eves
  holidays[].id holidays[].days
  eventNights[].id eventNights[].date eventNights[].from eventNights[].until eventNights[].levelPct eventNights[].zones
  rules[].id rules[].point rules[].above rules[].below rules[].clearsAt rules[].forS rules[].presenceIn rules[].trafficIn
  rules[].flowPct rules[].raise.zones rules[].raise.levelPct rules[].lower.zones rules[].lower.levelPct
  outputs[].id outputs[].device outputs[].point outputs[].idle outputs[].litWith.zones outputs[].litWith.value
  outputs[].rules[].rule outputs[].rules[].value outputs[].minOnS outputs[].minOffS
  panels[].id panels[].device panels[].points panels[].fallback panels[].values[].id panels[].values[].point panels[].values[].today
  panels[].values[].decimals panels[].values[].words[].below panels[].values[].words[].word panels[].values[].missing
  panels[].rules[].rule panels[].rules[].text panels[].schedule[].text panels[].schedule[].at panels[].schedule[].until
  panels[].schedule[].weekdays panels[].schedule[].from panels[].schedule[].to panels[].schedule[].nthWeekday.nth
  panels[].schedule[].nthWeekday.weekday panels[].schedule[].holidays
  sound.tracks[].id sound.tracks[].track sound.tracks[].folder sound.tracks[].file sound.tracks[].maxS
  sound.programmes[].id sound.programmes[].steps[].at sound.programmes[].steps[].play
  sound.calendars[].id sound.calendars[].rules[].programme sound.calendars[].rules[].weekdays sound.calendars[].rules[].from
  sound.calendars[].rules[].to sound.calendars[].rules[].nthWeekday.nth sound.calendars[].rules[].nthWeekday.weekday
  sound.calendars[].rules[].holidays sound.calendars[].rules[].eves
  sound.places[].id sound.places[].player sound.places[].amplifiers[].device sound.places[].amplifiers[].point
  sound.places[].warmUpS sound.places[].offDelayS sound.places[].maxVolumePct sound.places[].quietHours[].from
  sound.places[].quietHours[].until sound.places[].quietHours[].weekdays sound.places[].volumes[].at
  sound.places[].volumes[].volumePct sound.places[].programme sound.places[].calendar
  sound.places[].announcements[].id sound.places[].announcements[].play sound.places[].announcements[].at
  neighbours[].node neighbours[].pole neighbours[].withinM
  uplink.keepaliveS uplink.birthJitterS uplink.proof uplink.aliases uplink.datatypeInData uplink.conformance uplink.dailyMegabytes
  store.commitSeconds store.maxMegabytes store.maxDays store.heartbeatS
  watch.powerTolerancePct watch.voltageV watch.voltageTolerancePct watch.powerFactorMin watch.temperatureMaxC
  watch.tanPhiMax watch.loadMeters watch.loadLampW watch.ratedHours watch.feeders[].id watch.feeders[].zones
  watch.feeders[].output watch.feeders[].supply watch.feeders[].breaker watch.feeders[].leakage watch.feeders[].phase
  console.language
`
  .trim()
  .split(/\s+/);
