// GET /metrics over HTTP for a Prometheus server; on 127.0.0.1 unless the operator names another address, as it has no
// password.

import { type Server, createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { metricsText } from './metrics-text.ts'
import { type Address } from './overlay/ports/datagram-socket.ts'
import { type OverlayStatus } from './overlay/api.ts'
import { BanyanError } from './overlay/base/errors.ts'

export interface MetricsServer {
  readonly address: Address
  close(): void
}

/** Port 0 takes any. Errors: port-in-use, unsupported. */
export async function serveMetrics(at: Address, status: () => OverlayStatus): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end('only /metrics\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(metricsText(status(), processFacts()))
  })
  await listening(server, at)
  const { address: host, port } = server.address() as AddressInfo
  return {
    address: { host, port },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function processFacts() {
  const { user, system } = process.cpuUsage()
  const startedWallMs = Date.now() - 1000 * process.uptime()
  return { startedWallMs, cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() }
}

function listening(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'port-in-use' : 'unsupported'
      reject(new BanyanError(code, `no metrics on ${host} port ${port}: ${cause.code}`, { cause }))
    })
    server.listen(port, host, resolve)
  })
}
