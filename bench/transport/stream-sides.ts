// The two sides of a bulk transfer, whatever carries it. A first part warms up the code and lets the path MTU be found; the
// second is measured, from its first byte written until the other side has said that it has the last.

import { type Starter, cpuSecondsSince } from './measured-process.ts'

export interface StreamTask {
  warmUpBytes: number
  measuredBytes: number
  /** Our own packets are held to so many bytes; whatever the path carries where it is left out. */
  maxDatagramBytes?: number
  /** By way of this volunteer, for the kind that can. */
  relay?: unknown
}

export interface SenderResult {
  seconds: number
  cpuSeconds: number
  /** Mean of the datagrams sent; 0 where the operating system cuts them. */
  packetBytes: number
}

export interface ReceiverResult {
  cpuSeconds: number
}

export interface Outgoing {
  /** Resolves when the next chunk may be written. */
  write(chunk: Uint8Array): Promise<void> | void
  /** Resolves with the other side's next word, which is one byte. */
  answer(): Promise<void>
  /** All so far. */
  sent(): { bytes: number; packets: number }
}

export interface StreamKind {
  /** Listens; returns where. `arrived` is told of bytes, and how to say one byte back. */
  listen(task: StreamTask, arrived: (bytes: number, answer: () => void) => void): Promise<unknown>
  connect(task: StreamTask, target: never): Promise<Outgoing>
}

const CHUNK_BYTES = 64 * 1024

export async function receiveStream(kind: StreamKind, task: StreamTask, starter: Starter): Promise<void> {
  const inAll = task.warmUpBytes + task.measuredBytes
  let received = 0
  let since = process.cpuUsage()
  const target = await kind.listen(task, (bytes, answer) => {
    const before = received
    received += bytes
    if (before < task.warmUpBytes && received >= task.warmUpBytes) {
      since = process.cpuUsage()
      answer()
    }
    if (received < inAll || before >= inAll) return
    answer()
    const result: ReceiverResult = { cpuSeconds: cpuSecondsSince(since) }
    starter.post(result)
  })
  starter.post(target)
}

export async function sendStream(kind: StreamKind, task: StreamTask, starter: Starter): Promise<void> {
  const outgoing = await kind.connect(task, await starter.next<never>())
  await transfer(outgoing, task.warmUpBytes)
  const before = outgoing.sent()
  const since = process.cpuUsage()
  const startMs = performance.now()
  await transfer(outgoing, task.measuredBytes)
  const { bytes, packets } = outgoing.sent()
  const result: SenderResult = {
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: cpuSecondsSince(since),
    packetBytes: (bytes - before.bytes) / Math.max(1, packets - before.packets),
  }
  starter.post(result)
}

async function transfer(outgoing: Outgoing, bytes: number): Promise<void> {
  const answer = outgoing.answer()
  const chunk = new Uint8Array(CHUNK_BYTES)
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    const mayGoOn = outgoing.write(left < CHUNK_BYTES ? chunk.subarray(0, left) : chunk)
    if (mayGoOn) await mayGoOn
  }
  await answer
}

/** Wakes whoever waits, once each. */
export class Signal {
  #wake: () => void = () => {}

  wait(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  raise(): void {
    this.#wake()
  }
}
