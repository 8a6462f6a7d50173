// Who may send into a circuit, and where it comes out.

import { beforeEach, describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import {
  type Address,
  type DatagramSocket,
  circuitAddress,
  isCircuit,
  tellable,
} from '../../../main/overlay/ports/datagram-socket.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const RELAY = { host: '192.0.2.1', port: 4000 }
const OTHER = { host: '198.51.100.1', port: 5000 }
const MALLORY = { host: '203.0.113.66', port: 666 }
const SEALED = 5

class Wire implements DatagramSocket {
  readonly local = { host: '10.0.0.1', port: 1 }
  readonly sent: [number[], Address][] = []
  receiver: (datagram: Bytes, from: Address) => void = () => {}
  localAddresses = () => [this.local]
  largestDatagram = () => 1472
  send = (datagram: Uint8Array, to: Address) => void this.sent.push([[...datagram], to])
  onDatagram = (receiver: (datagram: Bytes, from: Address) => void) => void (this.receiver = receiver)
  close = async () => {}
}

function partyAt(provenAddress: Address | undefined) {
  return { link: { provenAddress, probed: 0, probe() { this.probed++ } } } // prettier-ignore
}

/** A carried packet for a circuit id below 256. */
function carried(circuitId: number, ...inner: number[]): Bytes {
  return Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0, circuitId, ...inner)
}

let wire: Wire
let socket: CarriedSocket
let got: [number[], Address][]
let queue: EventQueue

beforeEach(() => {
  wire = new Wire()
  queue = new EventQueue()
  socket = new CarriedSocket(wire, new VirtualClock(queue))
  got = []
  socket.onDatagram((datagram, from) => got.push([[...datagram], from]))
})

describe('a circuit that ends here', () => {
  it('wraps what is sent there and unwraps what comes, for packets nearly as large as before', () => {
    const address = socket.open(7, partyAt(RELAY))!
    socket.send(Uint8Array.of(SEALED, 1, 2), address)
    expect(wire.sent).toEqual([[[...carried(7, SEALED, 1, 2)], RELAY]])
    wire.receiver(carried(7, SEALED, 3), RELAY)
    expect(got).toEqual([[[SEALED, 3], address]])
    expect([socket.largestDatagram(address), socket.largestDatagram(RELAY)]).toEqual([1463, 1472])
  })

  it.each([
    ['from another address than the relay', carried(7, SEALED), MALLORY, 'carried from elsewhere'],
    ['for a circuit id that was made up', carried(8, SEALED), RELAY, 'carried without a circuit'],
    ['with nothing in it', carried(7), RELAY, 'carried nonsense'],
    ['with a circuit in a circuit', carried(7, 6, 1), RELAY, 'carried nonsense'],
    ['cut off', Uint8Array.of(6, 0, 0), RELAY, 'carried nonsense'],
    [
      'from a circuit, says the header',
      Uint8Array.of(SEALED, 1),
      circuitAddress(1, 1),
      'forged circuit address',
    ],
  ])('drops what comes %s', (_name, datagram, from, reason) => {
    socket.open(7, partyAt(RELAY))
    wire.receiver(datagram, from)
    expect(got).toEqual([])
    expect(wire.sent).toEqual([])
    expect(socket.drops.snapshot()).toEqual({ [reason]: 1 })
  })

  it('is not found after it was shut, and its id can be used once at a time', () => {
    const address = socket.open(7, partyAt(RELAY))!
    expect(socket.open(7, partyAt(OTHER))).toBeUndefined()
    socket.shut(7)
    socket.send(Uint8Array.of(SEALED), address)
    wire.receiver(carried(7, SEALED), RELAY)
    expect([wire.sent, got]).toEqual([[], []])
    expect(socket.open(7, partyAt(RELAY))).not.toEqual(address)
  })

  it('does not run in another circuit', () => {
    const address = socket.open(7, partyAt(circuitAddress(3, 3)))!
    socket.send(Uint8Array.of(SEALED), address)
    expect(wire.sent).toEqual([])
    expect(socket.drops.snapshot()).toEqual({ 'no way to the relay': 1 })
  })

  it('makes the session with the relay speak where nothing comes back, but not at each packet', async () => {
    const relay = partyAt(RELAY)
    const address = socket.open(7, relay)!
    for (let i = 0; i < 100; i++) {
      socket.send(Uint8Array.of(SEALED), address)
      await queue.runUntil(queue.nowMs + 10)
    }
    expect(relay.link.probed).toBe(3)
    wire.receiver(carried(7, SEALED), RELAY)
    socket.send(Uint8Array.of(SEALED), address)
    expect(relay.link.probed).toBe(3)
  })
})

describe('a circuit that passes here', () => {
  let left = Infinity
  const passage = { admits: (bytes: number) => (left -= bytes) >= 0 }

  it('goes on with the other id, to where the other end has proven to be', () => {
    const [a, b] = [partyAt(RELAY), partyAt(OTHER)]
    socket.join({ circuitId: 1, party: a }, { circuitId: 2, party: b }, passage)
    wire.receiver(carried(1, SEALED, 9), RELAY)
    b.link.provenAddress = MALLORY // it has moved
    wire.receiver(carried(1, SEALED, 9), RELAY)
    wire.receiver(carried(2, SEALED, 8), MALLORY)
    expect(wire.sent).toEqual([
      [[...carried(2, SEALED, 9)], OTHER],
      [[...carried(2, SEALED, 9)], MALLORY],
      [[...carried(1, SEALED, 8)], RELAY],
    ])
    expect(socket.passed).toEqual({ packets: 3, bytes: 33 })
  })

  it('moves nothing for a third party, too large, over quota, or to nobody', () => {
    const b = partyAt(OTHER)
    socket.join({ circuitId: 1, party: partyAt(RELAY) }, { circuitId: 2, party: b }, passage)
    wire.receiver(carried(1, SEALED), MALLORY)
    wire.receiver(carried(1, SEALED), OTHER) // the other end's address, this end's id
    wire.receiver(carried(1, SEALED, ...new Array<number>(1472).fill(0)), RELAY)
    left = 5
    wire.receiver(carried(1, SEALED), RELAY)
    b.link.provenAddress = undefined
    wire.receiver(carried(1, SEALED), RELAY)
    expect(wire.sent).toEqual([])
    expect(socket.drops.snapshot()).toEqual({
      'carried from elsewhere': 2,
      'carried over quota': 1,
      'carried too large': 1,
      'no way to the other end': 1,
    })
  })
})

describe('circuit addresses', () => {
  it.each([
    [circuitAddress(0, 0), '100::'],
    [circuitAddress(1, 2), '100::1:0:2'],
    [circuitAddress(2 ** 32 - 1, 2 ** 32 - 1), '100::ffff:ffff:ffff:ffff'],
  ])('%j is %s', (address, host) => {
    expect(address.host).toBe(host)
    expect(isCircuit(address)).toBe(true)
    expect(tellable(address)).toEqual(circuitAddress(0, 0))
  })

  it.each(['100.0.0.1', '100:0:0:1::1', '2001:db8::1', '::1', '100::1:2:3:4:5', '100:what'])(
    '%s is none',
    (host) => {
      const address = { host, port: 1 }
      expect(isCircuit(address)).toBe(false)
      expect(tellable(address)).toBe(address)
    },
  )
})
