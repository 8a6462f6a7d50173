// The node on a real computer: besides its links, a port on the router and a voice on the local network, both as the
// person has switched them. A node that is bound to loopback has neither: nothing of it leaves this computer.

import { hostClock } from './host/clock.ts'
import { UdpSocket } from './host/udp-socket.ts'
import { openLanVoice } from './lan-voice.ts'
import { type MetricsServer, serveMetrics } from './metrics-server.ts'
import { type NetworkSwitches, type Switches } from './network-switches.ts'
import { type OverlayStatus } from './overlay/api.ts'
import { DropCounts } from './overlay/base/drop-counts.ts'
import { isLoopback } from './overlay/base/ip.ts'
import { ipScope } from './overlay/base/ip-scope.ts'
import { type LanPeers } from './overlay/contact/lan-peers.ts'
import { type Address, type DatagramSocket, formatAddress } from './overlay/ports/datagram-socket.ts'
import { type NetworkWatch, watchNetwork } from './overlay/reach/network-watch.ts'
import { type PortMapping } from './overlay/reach/port-mapping.ts'
import { type Endpoint } from './overlay/transport/endpoint.ts'
import { isTranslated, openRouterDoor } from './router-door.ts'
import { type NodeSockets, SocketNode, type SocketNodeParts } from './socket-node.ts'
import { isWellKnown, WellKnownPort } from './well-known-port.ts'

/** Chosen: on exit a router gets this long to take its port back; it forgets it by itself later. */
const GOODBYE_MS = 1_500

export interface HostedParts extends SocketNodeParts {
  sockets: NodeSockets
  switches: NetworkSwitches
  /** Where to serve the node's figures. */
  metrics: Address | undefined
}

export class HostedNode extends SocketNode {
  readonly #endpoint: Endpoint
  readonly #hosted: HostedParts
  readonly #lanDrops = new DropCounts()
  #routerDoor: PortMapping | undefined
  #lan: LanPeers | undefined
  #metrics: MetricsServer | undefined
  #watch: NetworkWatch | undefined
  #wellKnown: WellKnownPort | undefined
  #forgetSwitches: () => void = () => undefined
  /** One turn of the switch after the other. */
  #turning: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(endpoint: Endpoint, parts: HostedParts) {
    super(endpoint, parts)
    this.#endpoint = endpoint
    this.#hosted = parts
  }

  override async start(): Promise<void> {
    const { sockets, switches, metrics } = this.#hosted
    if (metrics) await this.#serveMetrics(metrics) // a port that is taken is told before anybody is called
    await super.start()
    const socket = sockets.carried
    if (isLoopback(socket.local.host)) return
    await this.#openDoor()
    if (this.#isStopped) return
    this.#wellKnown = this.#openWellKnown(socket)
    this.#watch = watchNetwork(
      hostClock,
      () => socket.localAddresses(),
      () => this.#networkChanged(),
    )
    this.#forgetSwitches = switches.onTurn((turned) => this.#turn(turned))
    this.#turn(switches.current)
  }

  override async stop(): Promise<void> {
    this.#isStopped = true
    this.#forgetSwitches()
    this.#watch?.stop()
    this.#wellKnown?.stop()
    this.#metrics?.close()
    await this.#goodbyeInTime()
    await super.stop()
  }

  override status(): OverlayStatus {
    const status = super.status()
    return {
      ...status,
      dropped: { ...status.dropped, ...this.#lanDrops.snapshot() },
      ...(this.#routerDoor && { portMapping: this.#routerDoor.status }),
      ...(this.#wellKnown?.port !== undefined && { wellKnownPort: this.#wellKnown.port }),
      ...(this.#lan && { lan: { found: this.#lan.found } }),
    }
  }

  /** Only what is this computer's own address is told of: nobody maps a second port for it. */
  #openWellKnown(socket: DatagramSocket): WellKnownPort {
    const { sockets, log } = this.#hosted
    const hosts = (): string[] =>
      socket.localAddresses().flatMap(({ host }) => (ipScope(host) === 'public' ? [host] : []))
    const wellKnown = new WellKnownPort({
      clock: hostClock,
      log,
      isWanted: () =>
        !isWellKnown(socket.local.port) && super.status().relay?.isHelping === true && hosts().length > 0,
      bind: (port) => UdpSocket.bind(socket.local.host, port),
      onOpen: (second) => {
        sockets.reached.listenAlso(second)
        this.#endpoint.advertise(
          'second',
          hosts().map((host) => ({ host, port: second.local.port })),
        )
        this.statusChanged()
      },
    })
    wellKnown.start()
    return wellKnown
  }

  /** Where there is a router to be asked; a computer with an address of its own spares itself the library. */
  async #openDoor(): Promise<void> {
    const { sockets, log } = this.#hosted
    const socket = sockets.carried
    if (this.#routerDoor || !isTranslated(socket.localAddresses())) return
    const routerDoor = await openRouterDoor(socket, log, (mapped) => {
      this.#endpoint.advertise('mapped', mapped)
      this.statusChanged()
    })
    if (!this.#isStopped) this.#routerDoor ??= routerDoor
  }

  #openDoorLater(): void {
    const { switches, log } = this.#hosted
    this.#openDoor()
      .then(() => this.#routerDoor?.allow(switches.current.portMapping))
      .catch((error: unknown) => log.log('error', 'router', 'cannot be asked', { error: String(error) }))
  }

  #turn({ portMapping, lan }: Switches): void {
    if (this.#isStopped) return
    this.#routerDoor?.allow(portMapping)
    const failed = (error: unknown): void =>
      this.#hosted.log.log('error', 'lan', 'no voice on the local network', { error: String(error) })
    this.#turning = this.#turning.then(() => this.#turnLan(lan)).catch(failed)
  }

  async #turnLan(isOn: boolean): Promise<void> {
    if (isOn === (this.#lan !== undefined) || this.#isStopped) return
    if (!isOn) return this.#leaveLan()
    const { sockets, network, identity } = this.#hosted
    const lan = await openLanVoice({
      network,
      noiseKey: identity.noiseKey.publicKey,
      port: sockets.carried.local.port,
      drops: this.#lanDrops,
      onFound: (target) => this.addNearby(target),
    })
    this.#lan = lan
    lan.start()
  }

  #leaveLan(): void {
    this.#lan?.stop()
    this.#lan = undefined
  }

  async #serveMetrics(at: Address): Promise<void> {
    this.#metrics = await serveMetrics(at, () => this.status())
    const where = `http://${formatAddress(this.#metrics.address)}/metrics`
    this.#hosted.log.log('info', 'metrics', `figures for Prometheus at ${where}`)
  }

  #networkChanged(): void {
    this.#endpoint.networkChanged()
    this.networkChanged()
    if (this.#routerDoor) this.#routerDoor.networkChanged()
    else this.#openDoorLater()
    this.#lan?.networkChanged()
  }

  #goodbyeInTime(): Promise<void> {
    return new Promise((resolve) => {
      const limit = hostClock.after(GOODBYE_MS, resolve)
      void this.#sayGoodbye().finally(() => {
        limit.cancel()
        resolve()
      })
    })
  }

  async #sayGoodbye(): Promise<void> {
    await this.#turning
    this.#leaveLan()
    await this.#routerDoor?.stop()
  }
}
