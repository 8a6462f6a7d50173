// The kinds of place a computer may be in, by name, each with what it must turn out to be when it is measured.

import { whyNoGatewayDaemon } from './gateway-daemon.ts'
import { type Internet } from './internet.ts'
import { type Behaviour } from './measure-nat.ts'
import {
  addressRestricted,
  fullCone,
  portRestricted,
  symmetricRandom,
  symmetricSequential,
  wellKnownPortsOnly,
} from './router-rules.ts'
import { type Site, homeSite, portMappingSite, publicSite, twoNatSite } from './site.ts'

export const KIND_NAMES = [
  'public',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric-sequential',
  'symmetric-random',
  'two-nats',
  'port-mapping',
  'well-known-ports',
] as const

export type KindName = (typeof KIND_NAMES)[number]

export interface Kind {
  build(internet: Internet, name: string): Site
  expected: Behaviour
  /** Why it cannot be built here; undefined where it can. */
  whyMissing?: () => string | undefined
}

/** Away from what the kernel gives to programs that do not choose (32768 to 60999). */
const FIRST_SEQUENTIAL_PORT = 20_000

const PORT_RESTRICTED: Behaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  ports: 'kept',
}

export const KINDS: Record<KindName, Kind> = {
  public: {
    build: publicSite,
    expected: { mapping: 'none', filtering: 'endpoint-independent', ports: 'kept' },
  },
  'full-cone': {
    build: (internet, name) => homeSite(internet, name, fullCone),
    expected: { mapping: 'endpoint-independent', filtering: 'endpoint-independent', ports: 'kept' },
  },
  'address-restricted': {
    build: (internet, name) => homeSite(internet, name, addressRestricted),
    expected: { mapping: 'endpoint-independent', filtering: 'address-dependent', ports: 'kept' },
  },
  'port-restricted': {
    build: (internet, name) => homeSite(internet, name, portRestricted),
    expected: PORT_RESTRICTED,
  },
  'symmetric-sequential': {
    build: (internet, name) => homeSite(internet, name, () => symmetricSequential(FIRST_SEQUENTIAL_PORT)),
    expected: {
      mapping: 'address-and-port-dependent',
      filtering: 'address-and-port-dependent',
      ports: 'sequential',
    },
  },
  'symmetric-random': {
    build: (internet, name) => homeSite(internet, name, symmetricRandom),
    expected: {
      mapping: 'address-and-port-dependent',
      filtering: 'address-and-port-dependent',
      ports: 'scattered',
    },
  },
  'two-nats': { build: twoNatSite, expected: PORT_RESTRICTED },
  'port-mapping': {
    build: portMappingSite,
    expected: PORT_RESTRICTED,
    whyMissing: whyNoGatewayDaemon,
  },
  'well-known-ports': {
    build: (internet, name) => homeSite(internet, name, wellKnownPortsOnly),
    expected: PORT_RESTRICTED,
  },
}
