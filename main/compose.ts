// The node, put together from the real parts behind its ports. Both roots, the app and the node without a window, build
// it here, so there is one node.

import { type Capabilities, type Emit } from '../preload/contract.ts'
import { Chat } from './chat/chat.ts'
import { type OverlayFactory } from './chat/ports/overlay-factory.ts'
import { type Shell } from './chat/ports/shell.ts'
import { hostClock } from './host/clock.ts'
import { hostCrypto } from './host/crypto.ts'
import { FolderProfile } from './host/folder-profile.ts'
import { hostRandom } from './host/random.ts'
import { HostSecrets } from './host/secrets.ts'
import { UdpSocket } from './host/udp-socket.ts'
import { HostedNode } from './hosted-node.ts'
import { NetworkSwitches, turnedBySettings } from './network-switches.ts'
import { qlogFolder } from './qlog-folder.ts'
import { readLastPort, rememberPort } from './last-port.ts'
import { type Options } from './options.ts'
import { type OverlayApi } from './overlay/api.ts'
import { codeOf } from './overlay/base/errors.ts'
import { Identity } from './overlay/identity.ts'
import { CarriedSocket } from './overlay/relay/carried-socket.ts'
import { ReachSocket } from './overlay/reach/reach-socket.ts'
import { Endpoint } from './overlay/transport/endpoint.ts'
import { type Network, mainNetwork, networkOf } from './overlay/network.ts'
import { type Log } from './overlay/ports/log.ts'

export interface ComposeOptions {
  options: Options
  profilePath: string
  log: Log
}

/** Something that runs until it is told to stop. */
export interface Running {
  stop(): Promise<void>
}

export interface ComposeChatOptions extends ComposeOptions {
  version: string
  shell: Shell
  emit: Emit
  capabilities: Capabilities
}

export function composeChat(parts: ComposeChatOptions): Chat {
  const { options, profilePath, log } = parts
  const switches = new NetworkSwitches(options)
  return new Chat({
    clock: hostClock,
    random: hostRandom,
    crypto: hostCrypto,
    log,
    profile: new FolderProfile(profilePath, hostClock),
    secrets: new HostSecrets(profilePath, { force: options.secrets }),
    ratchet: async () => new (await import('./host/signal-ratchet.ts')).SignalRatchet(),
    overlay: (facts) => composeOverlay(parts, facts, switches),
    network: chosenNetwork(options),
    shell: turnedBySettings(parts.shell, switches),
    emit: parts.emit,
    capabilities: parts.capabilities,
    version: parts.version,
  })
}

export function chosenNetwork(options: Options): Network {
  const { network } = options
  return network ? networkOf(hostCrypto, network.name, network.puzzleBits) : mainNetwork(hostCrypto)
}

/**
 * One node on one socket. Errors: port-in-use where the port was asked for and is taken; without that wish the port of
 * last time is tried, then any.
 */
export async function composeOverlay(
  parts: ComposeOptions,
  facts: Parameters<OverlayFactory>[0],
  switches = new NetworkSwitches(parts.options),
): Promise<OverlayApi> {
  const { options, log } = parts
  const network = chosenNetwork(options)
  const reached = new ReachSocket(await bindSocket(parts), hostClock)
  const socket = new CarriedSocket(reached, hostClock)
  const openSocket = (): Promise<UdpSocket> => UdpSocket.bind(options.host, 0)
  const identity = new Identity(hostCrypto, network, facts.seeds)
  const ports = { clock: hostClock, random: hostRandom, crypto: hostCrypto, log, network }
  const tracer = options.qlog === undefined ? undefined : await qlogFolder(options.qlog, log)
  const endpoint = new Endpoint({ ...ports, identity, socket, options: { ...(tracer && { tracer }) } })
  const sockets = { reached, carried: socket, openSocket }
  const { metrics } = options
  const node = new HostedNode(endpoint, {
    ...ports,
    identity,
    store: facts.store,
    sockets,
    switches,
    metrics,
  })
  node.addPeers(options.bootstrap)
  return node
}

async function bindSocket({ options, profilePath }: ComposeOptions): Promise<UdpSocket> {
  if (options.port !== undefined) return UdpSocket.bind(options.host, options.port)
  const socket = await bindAnyPort(options.host, await readLastPort(profilePath))
  await rememberPort(profilePath, socket.local.port)
  return socket
}

async function bindAnyPort(host: string, wish: number | undefined): Promise<UdpSocket> {
  try {
    return await UdpSocket.bind(host, wish ?? 0)
  } catch (error) {
    if (wish === undefined || codeOf(error) !== 'port-in-use') throw error
    return UdpSocket.bind(host, 0)
  }
}
