// NAT-PMP (RFC 6886) by the nat-pmp package, which knows the messages. What it lacks is added here: it sends once (the RFC
// wants repeats with doubling pauses), it believes any sender, and a short datagram makes it throw where nobody catches.

import type { NatPmpClient, NatPmpDone, NatPmpReply } from 'nat-pmp'
import { type Bytes } from '../../overlay/base/bytes.ts'
import {
  type MappingAnswer,
  type MappingCheck,
  type MappingGrant,
  type MappingWish,
  type PortMapper,
} from '../../overlay/ports/port-mapper.ts'

/** RFC 6886 §3.1 begins with 250 ms and doubles nine times, 64 s in all; a router on the same cable answers, or is none. */
const WAITS_MS = [250, 500, 1000, 2000]
/** On exit nobody waits for long. */
const UNMAP_WAITS_MS = [250, 500]
/** RFC 6886 §3.2 and §3.3: what a reply to each operation measures. */
const REPLY_BYTES: Record<number, number> = { 128: 12, 129: 16, 130: 16 }
/** With a result other than 0 the rest may be missing (RFC 6886 §3.5). */
const LEAST_ERROR_BYTES = 8
const REFUSED = 2
const NO_RESOURCES = 4

type Asked = { kind: 'reply'; reply: NatPmpReply } | { kind: 'error'; code: number } | { kind: 'silent' }
type Question = (client: NatPmpClient, done: NatPmpDone) => void

export interface NatPmpMapperOptions {
  /** The router's IPv4 address, asked anew each time: a laptop moves. */
  gateway: () => Promise<string | undefined>
  /** Other than RFC 6886's 5351 in tests only. */
  port?: number
}

export function natPmpMapper({ gateway, port = 5351 }: NatPmpMapperOptions): PortMapper {
  async function ask(question: Question, waitsMs: readonly number[]): Promise<Asked | undefined> {
    const host = await gateway()
    if (host === undefined) return undefined
    for (const waitMs of waitsMs) {
      const asked = await askOnce({ host, port }, question, waitMs)
      if (asked.kind !== 'silent') return asked
    }
    return { kind: 'silent' }
  }

  const externalIp = (): Promise<Asked | undefined> =>
    ask((client, done) => client.externalIp(done), WAITS_MS)

  return {
    method: 'nat-pmp',

    async map(wish: MappingWish): Promise<MappingAnswer> {
      const options = mappingOptions(wish)
      const asked = await ask((client, done) => client.portMapping(options, done), WAITS_MS)
      const denied = denialOf(asked)
      if (denied) return denied
      const { internal, external, ttl, epoch } = (asked as { reply: NatPmpReply }).reply
      if (internal !== wish.internalPort || !external || !ttl) return { kind: 'denied', reason: 'failed' }
      const host = hostOf(await externalIp())
      if (host === undefined) return { kind: 'denied', reason: 'failed' } // no cable to the provider, as a rule
      const grant: MappingGrant = {
        method: 'nat-pmp',
        internalPort: internal,
        external: { host, port: external },
        lifetimeMs: ttl * 1000,
        epochSeconds: epoch,
      }
      return { kind: 'granted', grant }
    },

    async check(): Promise<MappingCheck> {
      const asked = await externalIp()
      const externalHost = hostOf(asked)
      if (asked?.kind !== 'reply' || externalHost === undefined) return { kind: 'silent' }
      return { kind: 'answered', externalHost, epochSeconds: asked.reply.epoch, isHeld: undefined }
    },

    /** A router deletes by the asking host and its internal port (RFC 6886 §3.4), so nothing of anybody else's. */
    async unmap({ internalPort }: MappingGrant): Promise<void> {
      const options = { type: 'udp' as const, private: internalPort, public: 0 }
      await ask((client, done) => client.portUnmapping(options, done), UNMAP_WAITS_MS)
    },
  }
}

function mappingOptions(wish: MappingWish) {
  const { internalPort, externalPort, lifetimeMs } = wish
  return {
    type: 'udp' as const,
    private: internalPort,
    public: externalPort,
    ttl: Math.ceil(lifetimeMs / 1000),
  }
}

function denialOf(asked: Asked | undefined): MappingAnswer | undefined {
  if (!asked) return { kind: 'denied', reason: 'no-gateway' }
  if (asked.kind === 'silent') return { kind: 'denied', reason: 'silent' }
  if (asked.kind === 'reply') return undefined
  if (asked.code === REFUSED) return { kind: 'denied', reason: 'refused' }
  return { kind: 'denied', reason: asked.code === NO_RESOURCES ? 'no-ports' : 'failed' }
}

function hostOf(asked: Asked | undefined): string | undefined {
  const ip = asked?.kind === 'reply' ? asked.reply.ip : undefined
  return ip && ip.some((byte) => byte !== 0) ? ip.join('.') : undefined
}

/** A client and a socket of its own for each try: the package cannot ask again while it waits. */
async function askOnce(
  gateway: { host: string; port: number },
  question: Question,
  waitMs: number,
): Promise<Asked> {
  const { default: natPmp } = await import('nat-pmp') // not for a computer without a router
  return new Promise((resolve) => {
    // The package's own client port is for announcements, which it does not read; taken by another program, it would be in the way.
    natPmp.CLIENT_PORT = 0
    natPmp.SERVER_PORT = gateway.port
    const client = natPmp.connect(gateway.host)
    let isOver = false
    const end = (asked: Asked): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      client.close()
      resolve(asked)
    }
    const timer = setTimeout(() => end({ kind: 'silent' }), waitMs)
    hearOnly(gateway, client)
    client.on('error', () => end({ kind: 'silent' })) // no route, no port: as if nobody were there
    question(client, (error, reply) => {
      if (reply) end({ kind: 'reply', reply })
      else end(typeof error?.code === 'number' ? { kind: 'error', code: error.code } : { kind: 'silent' })
    })
  })
}

/** Whole replies from the router itself; everything else on the local network may lie. */
function hearOnly(gateway: { host: string; port: number }, client: NatPmpClient): void {
  client.socket.removeAllListeners('message')
  client.socket.on('message', (message: Bytes, from) => {
    if (from.address === gateway.host && from.port === gateway.port && isWhole(message))
      client.onmessage(message, from)
  })
}

function isWhole(message: Bytes): boolean {
  const expected = REPLY_BYTES[message[1] ?? 0]
  if (message[0] !== 0 || expected === undefined || message.length < LEAST_ERROR_BYTES) return false
  return message[2] !== 0 || message[3] !== 0 || message.length === expected
}
