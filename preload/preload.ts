// The window's only way out: two functions, no Electron, no Node. What they carry is checked by the node on one side
// (dispatch) and by the page on the other (createApi).

import { contextBridge, ipcRenderer } from 'electron'
import { type Bridge, type Reply } from './contract.ts'
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts'

const bridge: Bridge = {
  call: (name, argument) => ipcRenderer.invoke(CALL_CHANNEL, name, argument) as Promise<Reply>,
  listen(listener) {
    const forward = (_event: unknown, name: string, payload: unknown) => listener(name, payload)
    ipcRenderer.on(EVENT_CHANNEL, forward)
    return () => ipcRenderer.off(EVENT_CHANNEL, forward)
  },
}

contextBridge.exposeInMainWorld('banyan', bridge)
