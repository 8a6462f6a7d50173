// A router's answers that come too late, and a description that sends commands elsewhere.

import { type UpnpDevice } from '@silentbot1/nat-api/lib/upnp/index.js'
import { describe, expect, it } from 'vitest'
import { onlyAt } from '../../../main/host/port-mapping/own-router-only.ts'
import { upnpMapper } from '../../../main/host/port-mapping/upnp-mapper.ts'

const WISH = { internalPort: 4_700, externalPort: 4_700, lifetimeMs: 7_200_000 }
const OWN = '192.168.1.2'

/** Holds one port; answers the request for a mapping when it is let. */
function slowRouter() {
  const calls: string[] = []
  let isHeld = false
  let answer: () => void = () => undefined
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve))
  const device = {
    url: 'http://192.168.1.1/description.xml',
    async run(action: string) {
      calls.push(action)
      if (action === 'AddPortMapping') {
        await mayAnswer
        isHeld = true
      }
      if (action === 'DeletePortMapping') isHeld = false
      if (action === 'GetSpecificPortMappingEntry') {
        if (!isHeld) throw new Error('no such entry')
        return { 'u:Response': { NewInternalClient: OWN, NewInternalPort: '4700' } }
      }
      return { 'u:Response': { NewExternalIPAddress: '198.18.0.1' } }
    },
  } as unknown as UpnpDevice
  return { device, calls, answer, isHeld: () => isHeld }
}

describe('a mapping by UPnP', () => {
  const mapperTo = (device: UpnpDevice) =>
    upnpMapper({
      gateway: async () => '192.168.1.1',
      below: () => 0,
      find: async () => ({ device, ownHost: OWN }),
      deadlineMs: 20,
    })

  it('that is granted after the time is over is given back, and who stops waits for that', async () => {
    const router = slowRouter()
    const mapper = mapperTo(router.device)
    expect(await mapper.map(WISH)).toEqual({ kind: 'denied', reason: 'silent' })
    let isSettled = false
    const settled = mapper.settle!().then(() => (isSettled = true))
    await Promise.resolve()
    expect(isSettled).toBe(false)
    router.answer()
    await settled
    expect(router.calls).toContain('DeletePortMapping')
    expect(router.isHeld()).toBe(false)
  })

  it('that is granted in time stays', async () => {
    const router = slowRouter()
    const mapper = mapperTo(router.device)
    router.answer()
    expect(await mapper.map(WISH)).toMatchObject({ kind: 'granted', grant: { external: { port: 4_700 } } })
    await mapper.settle!()
    expect(router.isHeld()).toBe(true)
  })
})

describe('a router’s description', () => {
  const deviceWith = (controlURL: string): UpnpDevice =>
    ({
      url: 'http://192.168.1.1/description.xml',
      run: async () => ({}),
      _getService: async () => ({ service: 'urn', SCPDURL: controlURL, controlURL }),
    }) as UpnpDevice

  it.each([
    ['http://192.168.1.1:5000/control', true],
    ['http://192.168.1.9/control', false],
    ['https://192.168.1.1/control', false],
    ['http://198.18.3.3/control', false],
  ])('that sends commands to %s is believed: %s', async (controlURL, isBelieved) => {
    const asked = onlyAt(deviceWith(controlURL), '192.168.1.1')._getService([])
    if (isBelieved) expect((await asked).controlURL).toBe(controlURL)
    else await expect(asked).rejects.toThrow('another host')
  })
})
