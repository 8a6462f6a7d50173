// What the table of docs/scale.md takes for granted about people and their routers. Each with where it comes from.

export interface Assumption {
  readonly value: number
  readonly unit: string
  readonly what: string
  readonly source: string
}

export const ASSUMPTIONS = {
  volunteers: {
    value: 0.01,
    unit: '',
    what: 'share of online users that help others connect and can be reached',
    source: 'assumption; one in fifteen of those that stand on the open Internet',
  },
  behindNat: {
    value: 0.85,
    unit: '',
    what: 'share of online users behind a NAT',
    source: "the prototype's (DESIGN §4)",
  },
  hardNats: {
    value: 0.18,
    unit: '',
    what: 'share of NATs with another port per peer',
    source: 'Ford, Srisuresh and Kegel 2005: 82 % let UDP be punched',
  },
  portRestricted: {
    value: 0.5,
    unit: '',
    what: 'share of NATs that let in known ports only',
    source: 'assumption',
  },
  sessionHours: {
    value: 2,
    unit: 'h',
    what: 'how long a computer stays online',
    source: 'assumption; in between file sharing (1 h) and office days',
  },
  contacts: { value: 6, unit: '', what: 'contacts online at once', source: 'assumption' },
  textsPerDay: {
    value: 100,
    unit: '',
    what: 'messages written per user and day, 200 bytes each',
    source: 'assumption',
  },
  attachmentsPerDay: {
    value: 20,
    unit: 'MB',
    what: 'pictures and files sent per user and day',
    source: 'assumption',
  },
  keepAliveSeconds: {
    value: 25,
    unit: 's',
    what: 'between two signs of life of an idle session',
    source: 'transport/endpoint.ts; measured routers allow more',
  },
  probeSeconds: {
    value: 75,
    unit: 's',
    what: 'between two rounds of probes, 3 copies each',
    source: 'unicast/probing.ts',
  },
  addressHours: {
    value: 12,
    unit: 'h',
    what: 'between two publications of an address',
    source: 'contact/address-book.ts',
  },
  prekeyBytes: {
    value: 2_000,
    unit: 'B',
    what: "a device's prekey bundle as a record",
    source: 'assumption',
  },
  replicas: { value: 8, unit: '', what: 'copies of a record', source: 'dht (DESIGN §6)' },
  carriedBytes: {
    value: 9,
    unit: 'B',
    what: 'a relay writes before each datagram',
    source: "the relay's packet: kind 1, circuit 8",
  },
} as const satisfies Record<string, Assumption>
