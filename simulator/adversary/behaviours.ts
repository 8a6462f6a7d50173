// What a hostile node may do, one word each. Towards other hostile nodes it does none of it.

export const BEHAVIOURS = [
  'drop', // swallows what it should pass on; the hop itself was acknowledged by its transport
  'misroute', // passes it to a random link
  'lie-hops', // passes it on as if it had just begun: no hops, no visited nodes, a full budget
  'none', // answers as if it were the root, and had nothing
  'forge', // answers as if it were the root, with a record that nobody signed
  'stale', // answers as if it were the root, with the oldest version that any of them has seen
  'name', // names only its own kind where it is asked for neighbours, or tells of them
  'replay', // says again what others said long ago
  'flood', // sends one neighbour more than any rate allows
] as const

export type Behaviour = (typeof BEHAVIOURS)[number]

/** What becomes of a message that was to be passed on: one of these at a time. */
const ON_THE_WAY: readonly Behaviour[] = ['drop', 'misroute', 'lie-hops', 'none', 'forge', 'stale']

export function onTheWay(enabled: ReadonlySet<Behaviour>): Behaviour[] {
  return ON_THE_WAY.filter((each) => enabled.has(each))
}

/** Words between commas; nothing means all of them. Undefined where one is unknown. */
export function behavioursOf(words: string): Set<Behaviour> | undefined {
  if (words === '') return new Set(BEHAVIOURS)
  const named = words.split(',')
  const known = BEHAVIOURS.filter((each) => named.includes(each))
  return known.length === named.length ? new Set(known) : undefined
}
