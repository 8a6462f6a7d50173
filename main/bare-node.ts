// A node of the overlay and nothing else: no account, no conversations. It routes and keeps replicas for others.

import { bootstrapEntry } from './bootstrap-entry.ts'
import { type ComposeOptions, type Running, chosenNetwork, composeOverlay } from './compose.ts'
import { hostClock } from './host/clock.ts'
import { FolderProfile } from './host/folder-profile.ts'
import { NodeKeyFile } from './host/node-key-file.ts'
import { type OverlayStatus } from './overlay/api.ts'

export async function startBareNode(
  parts: ComposeOptions,
  passphrase: string | undefined,
  say: (line: string) => void,
): Promise<Running> {
  const { options, profilePath } = parts
  const store = await new FolderProfile(profilePath, hostClock).open('overlay')
  const keys = new NodeKeyFile(profilePath)
  const seeds = await keys.loadOrCreate(chosenNetwork(options), passphrase)
  say(`profile ${profilePath}, node key ${keys.words}`)
  const overlay = await composeOverlay(parts, { seeds, store })
  let last = ''
  const said = new Set<string>()
  // again where there are new addresses: a port that the router has opened comes some seconds later
  const sayEntries = () => {
    for (const address of overlay.self.addresses) {
      const entry = bootstrapEntry(address, overlay.self.noiseKey)
      if (!said.has(entry)) say(`bootstrap entry ${entry}`)
      said.add(entry)
    }
  }
  overlay.on({
    status(status) {
      const words = statusWords(status)
      if (words !== last) say(words)
      last = words
      sayEntries()
    },
  })
  overlay.setHelp(options.help)
  overlay.setReplicaQuota(options.replicaBytes)
  await overlay.start()
  sayEntries()
  return {
    async stop() {
      await overlay.stop()
      await store.close()
    },
  }
}

function statusWords({ stage, sessions, joinProblem }: OverlayStatus): string {
  const peers = `${sessions.length} ${sessions.length === 1 ? 'peer' : 'peers'}`
  if (stage === 'joined') return `part of the network: ${peers}`
  if (stage === 'alone') return `nobody answers yet, still trying${joinProblem ? ` (${joinProblem})` : ''}`
  return stage === 'joining' ? 'looking for a first peer' : 'stopped'
}
