// Who got which broadcast, how often and how late.

import { type MeshMessage } from '../../main/overlay/ports/meshes.ts'
import { type MeshCrowd, type MeshMember } from './mesh-crowd.ts'

/** Chosen: a short text of a person, sealed, with its place in the room's history. */
const PAYLOAD_BYTES = 200

interface Sent {
  sentMs: number
  /** Of members that were there when it was sent, besides its author. */
  audience: Set<number>
  heard: Set<number>
}

export class BroadcastLog {
  readonly #crowd: () => MeshCrowd
  readonly #sent: Sent[] = []
  /** Of every first hearing, with the broadcast's number. */
  readonly #delays: { broadcast: number; delayMs: number }[] = []
  heardTwice = 0

  constructor(crowd: () => MeshCrowd) {
    this.#crowd = crowd
  }

  get count(): number {
    return this.#sent.length
  }

  send(author: MeshMember): void {
    const crowd = this.#crowd()
    const payload = new Uint8Array(PAYLOAD_BYTES)
    new DataView(payload.buffer).setUint32(0, this.#sent.length)
    const audience = new Set(crowd.alive.filter((member) => member !== author).map(({ number }) => number))
    this.#sent.push({ sentMs: crowd.world.nowMs, audience, heard: new Set() })
    author.meshes.broadcast(crowd.mesh, payload)
  }

  heard({ number }: MeshMember, { payload }: MeshMessage): void {
    const broadcast = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
    const { audience, heard, sentMs } = this.#sent[broadcast]!
    if (!audience.has(number)) return
    if (heard.has(number)) this.heardTwice++
    heard.add(number)
    this.#delays.push({ broadcast, delayMs: this.#crowd().world.nowMs - sentMs })
  }

  /** Of the broadcasts from that one on: the share of hearings that came within so long, and all delays. */
  since(first: number, withinMs: number): { share: number; hearings: number; delays: number[] } {
    const delays = this.#delays.filter(({ broadcast }) => broadcast >= first).map(({ delayMs }) => delayMs)
    const expected = this.#sent.slice(first).reduce((sum, { audience }) => sum + audience.size, 0)
    const inTime = delays.filter((delayMs) => delayMs <= withinMs).length
    return { share: inTime / expected, hearings: delays.length, delays }
  }
}
