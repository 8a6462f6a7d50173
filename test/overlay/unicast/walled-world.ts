import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type Inhabitant, ModelledWorld, type WorldOptions } from '../../../simulator/links/modelled-world.ts'

/** Every fourth node, the first among them, can be linked by anybody. The others sit behind boxes that no two of them get through. */
const OPEN_EVERY = 4

/** A world in which most pairs of nodes cannot link; `behind` are those that only the few others can. */
export function walledWorld(options: Omit<WorldOptions, 'canLink'>): {
  world: ModelledWorld
  open(): Inhabitant[]
  behind(): Inhabitant[]
} {
  const isOpen = (id: NodeId): boolean =>
    world.inhabitants.find(({ identity }) => identity.id === id)!.number % OPEN_EVERY === 0
  const world = new ModelledWorld({ ...options, canLink: (a, b) => isOpen(a) || isOpen(b) })
  return {
    world,
    open: () => world.alive.filter(({ number }) => number % OPEN_EVERY === 0),
    behind: () => world.alive.filter(({ number }) => number % OPEN_EVERY !== 0),
  }
}
