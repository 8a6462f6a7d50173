// UPnP's Internet Gateway Device by the UPnP half of @silentbot1/nat-api (kept for WebTorrent): it finds the device and speaks
// SOAP with it. Which device to believe, whose ports to leave alone and when to stop waiting is decided here.

import type { UpnpDevice } from '@silentbot1/nat-api/lib/upnp/index.js'
import { ipScope } from '../../overlay/base/ip-scope.ts'
import {
  type MappingAnswer,
  type MappingCheck,
  type MappingFailure,
  type MappingGrant,
  type MappingWish,
  type PortMapper,
} from '../../overlay/ports/port-mapper.ts'
import { onlyAt } from './own-router-only.ts'

/** Chosen: routers take up to 2 s to answer a search (their MX), and some a second for each call. */
const DEADLINE_MS = 6_000
const UNMAP_DEADLINE_MS = 1_000
/** Chosen: a port that is another's is left to it, and others are tried, from the range for such (RFC 6335 §6). */
const PORT_TRIES = 3
const FIRST_DYNAMIC_PORT = 49_152
const DYNAMIC_PORTS = 16_384
const DESCRIPTION = 'Banyan'
/** WANIPConnection:2 §2.5: "action not authorized", and "the port is another client's" in three forms. */
const REFUSALS = /not authorized/i
const CONFLICTS = /conflict/i

export interface Router {
  device: UpnpDevice
  /** Our address as the router sees it. */
  ownHost: string
}

export interface UpnpMapperOptions {
  gateway: () => Promise<string | undefined>
  /** From 0 to bound - 1. */
  below: (bound: number) => number
  /** Another search than SSDP's, and less patience: for tests. */
  find?: (gatewayHost: string | undefined) => Promise<Router>
  deadlineMs?: number
}

export function upnpMapper(options: UpnpMapperOptions): PortMapper {
  const { gateway, below, find = findRouter, deadlineMs: mapDeadlineMs = DEADLINE_MS } = options
  /** Mappings that were asked for, and not granted within the time. */
  const late = new Set<Promise<void>>()
  /** As long as it answers; SSDP is asked again after a failure only. */
  let known: Router | undefined

  async function withRouter<T>(
    deadlineMs: number,
    use: (router: Router) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await within(deadlineMs, async () => {
        known ??= await find(await gateway())
        return use(known)
      })
    } catch {
      known = undefined // silent, gone, or no router at all: whoever asks hears undefined
      return undefined
    }
  }

  return {
    method: 'upnp',

    async map(wish: MappingWish): Promise<MappingAnswer> {
      let isLate = false
      const answer = await withRouter(mapDeadlineMs, (router) => {
        const work = mapAt(router, wish, below)
        const over: Promise<void> = work
          .then((granted) => {
            if (isLate && granted.kind === 'granted') return removeOwn(router, granted.grant)
          })
          .catch(() => undefined) // refused or gone: there is nothing to give back
          .finally(() => late.delete(over))
        late.add(over)
        return work
      })
      isLate = answer === undefined
      return answer ?? { kind: 'denied', reason: 'silent' }
    },

    async check(grant: MappingGrant): Promise<MappingCheck> {
      const answer = await withRouter(DEADLINE_MS, async (router): Promise<MappingCheck> => {
        const externalHost = await externalHostOf(router)
        const isHeld =
          (await holderOf(router, grant.external.port)) === holderText(router, grant.internalPort)
        return { kind: 'answered', externalHost, epochSeconds: undefined, isHeld }
      })
      return answer ?? { kind: 'silent' }
    },

    async unmap(grant: MappingGrant): Promise<void> {
      await withRouter(UNMAP_DEADLINE_MS, (router) => removeOwn(router, grant))
    },

    async settle(): Promise<void> {
      await Promise.all(late)
    },
  }
}

async function removeOwn(
  router: Router,
  { external, internalPort }: Pick<MappingGrant, 'external' | 'internalPort'>,
): Promise<void> {
  if ((await holderOf(router, external.port)) !== holderText(router, internalPort)) return
  await router.device.run('DeletePortMapping', portArguments(external.port))
}

async function mapAt(
  router: Router,
  wish: MappingWish,
  below: (bound: number) => number,
): Promise<MappingAnswer> {
  let port = wish.externalPort
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const problem = await takePort(router, port, wish)
    if (problem === undefined) return { kind: 'granted', grant: await grantOf(router, port, wish) }
    if (problem !== 'no-ports') return { kind: 'denied', reason: problem }
    port = FIRST_DYNAMIC_PORT + below(DYNAMIC_PORTS)
  }
  return { kind: 'denied', reason: 'no-ports' }
}

/** Asks whose the port is before it asks for it: some routers would hand another's over without a word. */
async function takePort(
  router: Router,
  port: number,
  wish: MappingWish,
): Promise<MappingFailure | undefined> {
  const holder = await holderOf(router, port)
  if (holder !== undefined && holder !== holderText(router, wish.internalPort)) return 'no-ports'
  try {
    await router.device.run('AddPortMapping', [
      ...portArguments(port),
      ['NewInternalPort', wish.internalPort],
      ['NewInternalClient', router.ownHost],
      ['NewEnabled', 1],
      ['NewPortMappingDescription', DESCRIPTION],
      ['NewLeaseDuration', Math.ceil(wish.lifetimeMs / 1000)],
    ])
    return undefined
  } catch (error) {
    const words = error instanceof Error ? error.message : ''
    if (REFUSALS.test(words)) return 'refused'
    return CONFLICTS.test(words) ? 'no-ports' : 'failed'
  }
}

async function grantOf(router: Router, port: number, wish: MappingWish): Promise<MappingGrant> {
  const { internalPort, lifetimeMs } = wish
  const external = { host: await externalHostOf(router), port }
  return { method: 'upnp', internalPort, external, lifetimeMs, epochSeconds: undefined }
}

/** "client:port" of the mapping on that outer port; undefined where there is none. */
async function holderOf({ device }: Router, port: number): Promise<string | undefined> {
  try {
    const body = await device.run('GetSpecificPortMappingEntry', portArguments(port))
    const entry = answerIn(body)
    return `${text(entry['NewInternalClient'])}:${text(entry['NewInternalPort'])}`
  } catch {
    return undefined // "no such entry", as a rule; a router that is gone fails at the next call
  }
}

function holderText({ ownHost }: Router, internalPort: number): string {
  return `${ownHost}:${internalPort}`
}

async function externalHostOf({ device }: Router): Promise<string> {
  const host = text(answerIn(await device.run('GetExternalIPAddress', []))['NewExternalIPAddress'])
  const scope = ipScope(host)
  if (scope !== 'public' && scope !== 'private')
    throw new Error(`the router's outer address is ${host || 'none'}`)
  return host
}

function portArguments(port: number): [string, string | number][] {
  return [
    ['NewRemoteHost', ''],
    ['NewExternalPort', port],
    ['NewProtocol', 'UDP'],
  ]
}

/** The body of a SOAP answer holds one element, "prefix:NameResponse", beside its attributes. */
function answerIn(body: Record<string, unknown>): Record<string, unknown> {
  const key = Object.keys(body).find((name) => name.endsWith('Response'))
  return (key === undefined ? {} : body[key]) as Record<string, unknown>
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Anyone on the local network may answer the search and name a URL: only the router's own is called. */
async function findRouter(gatewayHost: string | undefined): Promise<Router> {
  if (gatewayHost === undefined) throw new Error('no default route')
  // A tenth of a second of a processor's time, with all that it brings: not for a computer without a router.
  const { default: UpnpClient } = await import('@silentbot1/nat-api/lib/upnp/index.js')
  const client = new UpnpClient()
  try {
    const { gateway: device, address } = await client.findGateway()
    const { protocol, hostname } = new URL(device.url)
    if (protocol !== 'http:' || hostname !== gatewayHost)
      throw new Error('not the router of the default route')
    return { device: onlyAt(device, gatewayHost), ownHost: address }
  } finally {
    void client.destroy()
  }
}

async function within<T>(deadlineMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), deadlineMs)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
