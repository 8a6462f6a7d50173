import { expect, it } from 'vitest'
import { type DatagramSocket } from '../../../main/overlay/ports/datagram-socket.ts'
import { SpareSockets } from '../../../main/overlay/reach/spare-sockets.ts'

function counted() {
  let open = 0
  const openSocket = async (): Promise<DatagramSocket> => {
    open++
    let isOpen = true
    const close = async (): Promise<void> => {
      if (isOpen) open--
      isOpen = false
    }
    return { close } as DatagramSocket
  }
  return { spare: new SpareSockets(openSocket), open: () => open }
}

it('what is still open when the node stops is closed, and nothing is opened after it', async () => {
  const { spare, open } = counted()
  const [first] = [await spare.open(), await spare.open()]
  await first.close()
  expect(open()).toBe(1)
  await spare.stop()
  expect(open()).toBe(0)
  await expect(spare.open()).rejects.toMatchObject({ code: 'closed' })
  expect(open()).toBe(0)
})
