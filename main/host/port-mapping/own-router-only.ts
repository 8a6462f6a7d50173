import type { UpnpDevice } from '@silentbot1/nat-api/lib/upnp/index.js'

/**
 * A description names the URL that commands go to, and may name another host's: then whoever answered the search for a router
 * would have us command somebody else's device. Each command fetches the description anew, so each is checked.
 */
export function onlyAt(device: UpnpDevice, host: string): UpnpDevice {
  const getService = device._getService.bind(device)
  device._getService = async (types) => {
    const service = await getService(types)
    const { protocol, hostname } = new URL(service.controlURL)
    if (protocol !== 'http:' || hostname !== host)
      throw new Error('the router names another host for its commands')
    return service
  }
  return device
}
