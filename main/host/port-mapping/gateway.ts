// The router that this computer sends its packets to, from the system's routing table: a file on Linux, the answer of the
// system's own tool elsewhere.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { parseHost } from '../../overlay/base/ip.ts'

const run = promisify(execFile)
/** Chosen: a tool that takes longer hangs. */
const TOOL_TIMEOUT_MS = 3_000
/** include/uapi/linux/route.h: the route is up, and leads through a gateway. */
const RTF_UP = 1
const RTF_GATEWAY = 2

/** The IPv4 address of the default route with the least metric; undefined where there is none, or nothing tells it. */
export async function defaultGateway(
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  try {
    if (platform === 'linux') return gatewayInProcRoute(await readFile('/proc/net/route', 'utf8'))
    if (platform === 'win32') return gatewayInRoutePrint(await output('route', ['print', '-4', '0.0.0.0']))
    return gatewayInRouteGet(await output('route', ['-n', 'get', 'default']))
  } catch {
    return undefined // no such file or tool, or no default route: then there is nobody to ask
  }
}

/** proc_net_route(5): addresses are hexadecimal in the byte order of the processor, which is little-endian on all ours. */
export function gatewayInProcRoute(text: string): string | undefined {
  const routes = text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, , flags, , , , mask]) => {
      const isUsable = (parseInt(flags ?? '0', 16) & (RTF_UP | RTF_GATEWAY)) === (RTF_UP | RTF_GATEWAY)
      return isUsable && destination === '00000000' && mask === '00000000'
    })
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  const hex = routes[0]?.[2]
  if (!hex || !/^[0-9A-F]{8}$/i.test(hex)) return undefined
  return [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16)).join('.')
}

/** macOS and the BSDs: a line "gateway: 192.168.1.1". */
export function gatewayInRouteGet(text: string): string | undefined {
  return address(/^\s*gateway:\s*(\S+)/m.exec(text)?.[1])
}

/** Windows, in any language: the row of 0.0.0.0 with mask 0.0.0.0, whose last number is the metric. */
export function gatewayInRoutePrint(text: string): string | undefined {
  const rows = [...text.matchAll(/^\s*0\.0\.0\.0\s+0\.0\.0\.0\s+([\d.]+)\s+[\d.]+\s+(\d+)\s*$/gm)]
  rows.sort((a, b) => Number(a[2]) - Number(b[2]))
  return address(rows[0]?.[1])
}

function address(text: string | undefined): string | undefined {
  return text !== undefined && parseHost(text)?.length === 4 ? text : undefined
}

async function output(tool: string, args: string[]): Promise<string> {
  return (await run(tool, args, { timeout: TOOL_TIMEOUT_MS, windowsHide: true })).stdout
}
