// A peer that says it is where somebody else is, so that others send there: how many bytes the third party gets for those that
// the liar had to send himself, and that it is counted.

import { beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import {
  CALL_LABEL,
  type Candidates,
  MAX_CANDIDATES,
  MAX_FORECAST_PORTS,
  encodeCandidates,
  encodeCandidatesMessage,
} from '../../../main/overlay/wire/candidates.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { NUMBER_BYTES, encodeSigned } from '../../../main/overlay/wire/signed-message.ts'
import { type Inhabitant, NatStage, pathBetween } from './nat-stage.ts'

/** RFC 9000 §8.1. */
const AMPLIFICATION = 3
/** IP and UDP, of each packet. */
const HEADER_BYTES = 28
const VICTIM = '198.19.200.1'

/** As many of the victim's ports as a peer may name. */
const FALSE_CANDIDATES: Candidates = {
  addresses: Array.from({ length: MAX_CANDIDATES }, (_, i) => ({ host: VICTIM, port: 1_000 + i })),
  forecast: { host: VICTIM, firstPort: 2_000, step: 1, count: MAX_FORECAST_PORTS },
}

let stage: NatStage
let alice: Inhabitant
let mallory: Inhabitant
let victimBytes: number

/** From any node. */
function countTowardsVictim(): void {
  victimBytes = 0
  stage.net.tap((datagram: Uint8Array, _from: Address, to: Address) => {
    if (to.host === VICTIM) victimBytes += datagram.length + HEADER_BYTES
  })
}

describe('a call that names a victim’s addresses', () => {
  beforeEach(async () => {
    stage = new NatStage(61)
    for (let i = 0; i < 3; i++) await stage.join('public')
    alice = await stage.join('port-restricted')
    mallory = await stage.join('public')
    await stage.run(10_000)
    countTowardsVictim()
  })

  /** One call; its bytes. */
  function call(): number {
    const { node, identity } = mallory
    const to = alice.node.self.id
    const payload = encodeCandidates(FALSE_CANDIDATES)
    const number = stage.random.bytes(NUMBER_BYTES)
    const bytes = encodeSigned(hostCrypto, CALL_LABEL, identity.nodeKey, { to, number, payload })
    const options = { timeoutMs: 3_000, isExact: true, isOnce: true }
    node.routes.request(to, APPLICATION.rendezvous, bytes, options).catch(() => undefined) // refused, perhaps
    return bytes.length + HEADER_BYTES
  }

  it('has at most three times its bytes sent there, and is counted', async () => {
    const callBytes = call()
    await stage.run(10_000)
    expect(victimBytes).toBeGreaterThan(0)
    expect(victimBytes).toBeLessThanOrEqual(AMPLIFICATION * callBytes)
    expect(alice.node.status().dropped['punching: more addresses than the call allows']).toBeGreaterThan(0)
  })

  it('is answered six times at once and every five seconds, however often it comes', async () => {
    let callBytes = 0
    for (let i = 0; i < 100; i++) callBytes = call()
    await stage.run(10_000)
    expect(victimBytes).toBeGreaterThan(AMPLIFICATION * callBytes)
    expect(victimBytes).toBeLessThanOrEqual((6 + 2) * AMPLIFICATION * callBytes)
    expect(alice.node.status().dropped['rendezvous: more calls than are answered']).toBeGreaterThanOrEqual(92)
  })
})

describe('a peer in a relayed session that names a victim’s addresses', () => {
  const HELP = { helpOthers: true, bytesPerSecond: 1e6, bytesPerMonth: 1e12, circuits: 100 }

  it('has at most three times sent there what it has sent in the session, and is counted', async () => {
    stage = new NatStage(62)
    for (let i = 0; i < 3; i++) (await stage.join('public')).node.relays!.setHelp(HELP)
    alice = await stage.join('port-restricted')
    mallory = await stage.join('symmetric, random')
    await stage.run(40_000) // until they have found volunteers
    mallory.node.keepInTouch(alice.node.self.id)
    expect(await stage.until(() => pathBetween(mallory, alice) === 'relayed', 8_000)).toBeDefined()
    countTowardsVictim()
    const link = mallory.endpoint.get(alice.node.self.id)!
    const name = (times: number): void => {
      for (let i = 0; i < times; i++) link.send(encodeCandidatesMessage(FALSE_CANDIDATES, true))
    }
    name(1)
    await stage.run(5_000)
    expect(victimBytes).toBeGreaterThan(0)
    expect(victimBytes).toBeLessThanOrEqual(AMPLIFICATION * link.traffic.sentBytes)
    name(100)
    await stage.run(10_000)
    expect(victimBytes).toBeLessThanOrEqual(AMPLIFICATION * link.traffic.sentBytes)
    const { dropped } = alice.node.status()
    expect(dropped['candidates: too many']).toBeGreaterThanOrEqual(90)
    expect(dropped['trial-limit']).toBeGreaterThan(0)
  })
})
