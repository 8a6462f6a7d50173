import { type PortAssignment } from '../api.ts'

/** A new mapping: the port of the socket inside, and the port that it got outside. */
export interface FreshMapping {
  readonly inside: number
  readonly outside: number
}

/** Chosen: others behind the same translator open mappings meanwhile. A random port is as near as this once in 2,000 times. */
const MAX_STEP = 16
/** Two steps that small, in one direction, come by chance once in eight million times. */
const LEAST_STEPS = 2

/**
 * How a translator gives out ports, from mappings made one right after another. One that keeps the inside port where it is
 * free, and takes the next above for a second mapping of it, counts as sequential: that is how it is foretold.
 */
export function judgePorts(mappings: readonly FreshMapping[]): PortAssignment {
  if (mappings.length < LEAST_STEPS + 1) return { kind: 'unknown' }
  if (mappings.every(({ inside, outside }) => inside === outside)) return { kind: 'preserving' }
  const steps = mappings.slice(1).map(({ outside }, i) => outside - mappings[i]!.outside)
  const delta = steps.reduce((least, step) => (Math.abs(step) < Math.abs(least) ? step : least))
  const isSteady = steps.every((step) => step * delta > 0 && Math.abs(step) <= MAX_STEP)
  return isSteady ? { kind: 'sequential', delta } : { kind: 'random' }
}
