/** What is constant about each kind of fault: severity, urgency and its name in TALQ; also for faults that other parts of the agent report. Pure. */
import type { EventDetails, Urgency } from '../../core/event-details.ts';
import { msg } from '../../core/message.ts';
import type { AgentEvent, EventCode, Severity } from '../../core/words.ts';
import type { FeederFault, LampFault, MeterFault } from './watch-faults.ts';

/** Severity, urgency and TALQ name of one kind of fault. `talq`: an event of the TALQ standard; several kinds may share one. */
export interface FaultFacts {
  readonly severity: Severity;
  readonly urgency: Urgency;
  readonly talq: string;
}

const alarm = (talq: string, urgency: Urgency = 'deferred'): FaultFacts => ({ severity: 'alarm', urgency, talq });
const warning = (talq: string, urgency: Urgency = 'deferred'): FaultFacts => ({ severity: 'warning', urgency, talq });

/**
 * Severity, urgency and TALQ name of the faults that the watch detects. Source: names of events from TALQ 2.7.1, mostly those of lamp
 * monitor, electrical meter, segment monitor and cabinet monitor.
 */
export const WATCH_FACTS: Readonly<Record<LampFault | FeederFault | MeterFault, FaultFacts>> = {
  'lamp-out': alarm('lampFailure'),
  'lamp-power-low': warning('lampPowerTooLow'),
  'lamp-power-high': warning('lampPowerTooHigh'),
  'lamp-day-burner': warning('lampUnexpectedOn'),
  'lamp-cycling': warning('cyclingFailure'),
  'supply-voltage-low': warning('supplyVoltageTooLow', 'urgent'),
  'supply-voltage-high': alarm('supplyVoltageTooHigh', 'urgent'),
  'power-factor-low': warning('powerFactorTooLow'),
  'temperature-high': warning('temperatureTooHigh'),
  'driver-reset': warning('deviceReset'),
  'unit-silent': warning('communicationFailure'),
  'supply-lost': alarm('supplyLoss', 'urgent'),
  'phase-lost': alarm('supplyLoss', 'urgent'),
  'breaker-tripped': alarm('circuitBreakerTripped', 'urgent'),
  'earth-leakage': alarm('leakageDetected', 'urgent'),
  'contactor-stuck-on': warning('switchingErrorOn'),
  'contactor-stuck-off': alarm('switchingErrorOff', 'urgent'),
  'unexpected-load': warning('totalPowerTooHigh'),
  'meter-differs': warning('totalPowerTooHigh'),
  'reactive-high': { severity: 'info', urgency: 'deferred', talq: 'powerFactorTooLow' },
};

/** Urgency and TALQ name of faults that other parts report. Source: as WATCH_FACTS; events of basic, communication and time functions. */
const REPORTED: Partial<Record<EventCode, Omit<FaultFacts, 'severity'>>> = {
  'unit-silent': warning('communicationFailure'),
  'unit-no-data': warning('communicationFailure'),
  'line-down': warning('communicationFailure', 'urgent'),
  'line-silent': warning('communicationFailure', 'urgent'),
  'uplink-down': warning('communicationFailure'),
  'lamp-not-following': warning('dimmingFailure'),
  'lamp-fault': warning('lampFailure'),
  'thermal-derating': warning('controlGearThermalDerating'),
  'device-flag': warning('deviceMalfunction'),
  'output-not-following': warning('relayFailure', 'urgent'),
  'door-open': warning('cabinetDoorOpen', 'urgent'),
  'sensor-stuck': warning('functionError'),
  'sensor-busy': warning('functionError'),
  'sensor-silent': warning('functionError'),
  'presence-too-long': warning('functionError'),
  'photocell-doubtful': warning('functionError'),
  'time-not-trusted': warning('lastSyncError'),
  'store-trouble': warning('deviceMalfunction'),
  'energy-differs': warning('totalPowerTooHigh'),
};

/**
 * Returns an event of another part than the watch with the TALQ name and urgency for its code; a missing check may be added. Unchanged: an
 * event with a TALQ name of its own, and one whose code has no TALQ name or is reported by the watch only.
 */
export function withFaultFacts(event: AgentEvent): AgentEvent {
  const facts = event.talq === undefined ? REPORTED[event.code] : undefined;
  return facts === undefined ? event : { ...event, talq: facts.talq, urgency: facts.urgency, ...checkOf(event) };
}

/** Where the text of an event does not name what to check. */
function checkOf({ code, source, check }: AgentEvent): Pick<EventDetails, 'check'> {
  if (check !== undefined) return { check };
  if (code !== 'unit-silent') return {};
  return {
    check: { what: msg`supply of the unit, then its bus wires`, where: msg`${source}`, tool: msg`a voltage tester; luciole bus scan` },
  };
}
