// What a NAT box does, in the terms of RFC 4787. Port parity (REQ-4) is not kept: nothing but RTP ever asked for it.

/** What a decision depends on besides the inside address (RFC 4787 §4.1 for mapping, §5 for filtering). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'

/** §4.2.1: the inside port where it is free, else the next above; one after another, upward or downward; or any. */
export type PortAssignment = 'preserving' | 'sequential' | 'descending' | 'random'

export interface NatBehaviour {
  /** Which destinations share one outside port of an inside address; REQ-1 asks for endpoint-independent. */
  mapping: Dependence
  /** Who may send to that port: anybody (REQ-8), or those who were sent something from it. */
  filtering: Dependence
  portAssignment: PortAssignment
  /** Whether two insiders can talk by their outside addresses (REQ-9). */
  isHairpinning: boolean
  /** Unused for so long, a binding is forgotten; REQ-5: no less than 2 minutes, 5 recommended. Many do less. */
  bindingTimeoutMs: number
  /** Whether what comes in counts as use; what goes out always does (REQ-6). */
  isRefreshedInbound: boolean
  /** Where the table is full, new bindings are refused and old ones stay. */
  maxBindings: number
}

/** What RFC 4787 asks for, with the filtering that it names for the case where safety matters (REQ-8). */
export const WELL_BEHAVED: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-dependent',
  portAssignment: 'preserving',
  isHairpinning: true,
  bindingTimeoutMs: 300_000,
  isRefreshedInbound: false,
  maxBindings: 65_536,
}
