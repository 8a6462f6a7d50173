// Two nodes agree on something by way of a handshake server, which says where it sees them.

import { describe, expect, it } from 'vitest'
import { SIGNALS } from '../../../main/overlay/relay/relay-limits.ts'
import { MAX_SIGNAL_BYTES, encodeSignal } from '../../../main/overlay/wire/relay-messages.ts'
import { type Person, RelayStage } from './stage.ts'

const ALICE = '203.0.113.1'
const BOB = '198.51.100.1'

async function stageOf(seed: number) {
  const stage = new RelayStage(seed)
  const [alice, bob] = [stage.athome(ALICE), stage.athome(BOB)]
  const server = stage.volunteer('192.0.2.1')
  for (const person of [alice, bob]) await stage.linked(person, server)
  const signal = (payload: Uint8Array, from = alice, to = bob): Promise<unknown> =>
    stage.until(
      from.relays
        .signal(server.identity.id, to.identity.id, payload)
        .catch((error: { reason?: string; code: string }) => error.reason ?? error.code),
    )
  return { stage, alice, bob, server, signal }
}

function observedBy(server: Person, person: Person) {
  return server.endpoint.get(person.identity.id)!.provenAddress
}

describe('signals', () => {
  it('go to and fro, each with the address that the server sees the sender at', async () => {
    const { alice, bob, server, signal } = await stageOf(11)
    const heard: unknown[] = []
    bob.relays.onSignal((from, observed, payload, by) => {
      heard.push([from, observed, [...payload], by])
      return Uint8Array.of(payload[0]! + 1)
    })
    const answer = await signal(Uint8Array.of(41))
    expect(heard).toEqual([[alice.identity.id, observedBy(server, alice), [41], server.identity.id]])
    expect(answer).toEqual({ payload: Uint8Array.of(42), observed: observedBy(server, bob) })
    expect(observedBy(server, alice)!.host).toBe(ALICE)
    expect(server.relays.status.peopleThisMonth).toBe(2)
  })

  it('cannot carry an address of the sender’s making', async () => {
    const { stage, alice, bob, server } = await stageOf(12)
    const heard: unknown[] = []
    bob.relays.onSignal((from, observed) => void heard.push([from, observed.host]))
    const forged = { isAnswer: false, token: 1, node: bob.identity.id, payload: Uint8Array.of(1) }
    const observed = { host: '192.88.99.99', port: 99 }
    // To the server it looks as if it had been passed by Alice, from somebody who is not here; so it ends there.
    alice.endpoint.get(server.identity.id)!.send(encodeSignal({ ...forged, observed }))
    await stage.run(500)
    expect(heard).toEqual([])
  })

  it('are refused with the reason: nobody there, nothing offered, too large, too fast', async () => {
    const { stage, alice, bob, server, signal } = await stageOf(13)
    const stranger = stage.inPublic('192.0.2.99')
    const small = Uint8Array.of(1)
    expect(await signal(small, alice, stranger)).toBe('not-here')
    expect(await signal(small, alice, alice)).toBe('not-here')
    expect(await signal(new Uint8Array(MAX_SIGNAL_BYTES + 1))).toBe('too-large')
    expect(await signal(small)).toBe('timeout') // Bob does not listen
    bob.relays.onSignal((_from, _observed, payload) => payload)
    await stage.run(20_000)
    const all = Promise.all(Array.from({ length: SIGNALS.burst + 5 }, () => signal(small)))
    const answers = await stage.until(all)
    expect(answers.filter((answer) => answer === 'too-fast')).toHaveLength(5)
    await stage.run(20_000)
    server.isReachable = false
    server.relays.reachabilityChanged()
    expect(await signal(small)).toBe('not-offered')
    expect(server.relays.status.refused).toEqual({ 'not-here': 2, 'not-offered': 1, 'too-fast': 5 })
  })

  it('end at once when the server goes', async () => {
    const { stage, alice, bob, server } = await stageOf(14)
    bob.relays.onSignal(() => new Promise(() => {}))
    const failed = alice.relays
      .signal(server.identity.id, bob.identity.id, Uint8Array.of(1))
      .catch(({ code }: { code: string }) => code)
    await stage.run(200)
    server.endpoint.get(alice.identity.id)!.close('done')
    expect(await stage.until(failed, 200)).toBe('unreachable')
  })
})
