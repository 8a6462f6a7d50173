// What must hold for every seed, over very many of them. A property is a function of a seed that throws where it does not
// hold, with the seed in the message.

import { checkDelivery } from '../overlay/transport/delivery-seed.ts'
import { checkSeed } from '../overlay/transport/stream-storm.ts'

type Property = (seed: number) => Promise<void>

const PROPERTIES: Record<string, Property> = {
  'messages arrive whole, in order and once': checkDelivery,
  'streams arrive intact, in order and once, datagrams at most once': checkSeed,
}

const SAY_EVERY = 1_000

export async function soakProperties(seeds: number): Promise<void> {
  for (const [name, holds] of Object.entries(PROPERTIES)) {
    for (let seed = 1; seed <= seeds; seed++) {
      await holds(seed)
      if (seed % SAY_EVERY === 0) console.log(`${name}: ${seed} seeds`)
    }
    console.log(`${name}: holds for ${seeds} seeds`)
  }
}
