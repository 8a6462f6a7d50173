// Most peers are behind routers that let no stranger in, and a new socket is a stranger to them: what is measured by new
// sockets has to find the few that answer.

import { describe, expect, it } from 'vitest'
import { type Reachability } from '../../../main/overlay/reach/reachability.ts'
import { HOME_NATS } from '../../../simulator/packets/nat-kinds.ts'
import { INSIDE, ReachStage } from '../../../simulator/packets/reach-stage.ts'

const SHY = 10
const OPEN = 2
const MINUTE_MS = 60_000

const natOf = (name: string) => HOME_NATS.find((kind) => kind.name === name)!.behaviour

/** Behind a router of that kind; of its twelve peers ten let in only who they have sent to. */
async function among(seed: number, natName: string): Promise<{ stage: ReachStage; reach: Reachability }> {
  const stage = new ReachStage(seed)
  const subject = stage.host(INSIDE, stage.box(natOf(natName)))
  for (let i = 0; i < SHY; i++) {
    const box = stage.box(natOf('port-filtering'))
    await stage.connectToShy(subject, stage.host(INSIDE, box), box)
  }
  for (const peer of stage.publicHosts(18, OPEN)) await stage.connect(subject, peer)
  const reach = subject.reachability!
  await reach.start()
  return { stage, reach }
}

describe('among peers that answer no stranger', () => {
  it.each([1, 2, 3])('the next port is foretold within half a second (seed %i)', async (seed) => {
    const { stage, reach } = await among(seed, 'symmetric-sequential')
    await stage.run(30_000)
    expect(reach.findings('ipv4')!.portAssignment).toEqual({ kind: 'sequential', delta: 1 })
    for (let i = 0; i < 10; i++) {
      const asked = reach.lookAtPorts('ipv4')
      await stage.run(500)
      expect(await Promise.race([asked, 'late'])).toMatchObject({ ports: { kind: 'sequential', delta: 1 } })
    }
  })

  it.each([4, 5, 6])(
    'the first look, with nothing known, takes two seconds at most (seed %i)',
    async (seed) => {
      const { stage, reach } = await among(seed, 'symmetric-sequential')
      const asked = reach.lookAtPorts('ipv4')
      await stage.run(2_000)
      expect(await Promise.race([asked, 'late'])).toMatchObject({ ports: { kind: 'sequential', delta: 1 } })
    },
  )

  it.each([7, 8, 9])('the keep-alive is measured (seed %i)', async (seed) => {
    const { stage, reach } = await among(seed, 'short-lived')
    await stage.run(10 * MINUTE_MS)
    expect(reach.status.keepAliveMs).toBeGreaterThan(20_000)
    expect(reach.status.keepAliveMs).toBeLessThan(30_000)
  })
})
